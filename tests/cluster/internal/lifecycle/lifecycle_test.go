// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"kubestash.com/kubestash/tests/cluster/internal/plan"
	"kubestash.com/kubestash/tests/cluster/internal/render"
)

func TestMerge(t *testing.T) {
	existing := &Settings{Nodes: 1, Minor: "1.33", Boot: "b"}
	for sentence, c := range map[string]struct {
		have   *Settings
		want   Request
		result Settings
		fails  bool
	}{
		"nothing asked, nothing there: the defaults":    {nil, Request{}, Settings{Nodes: 2, Minor: "1.36", Boot: "now"}, false},
		"what is asked counts":                          {nil, Request{Nodes: 1, Minor: "1.33"}, Settings{Nodes: 1, Minor: "1.33", Boot: "now"}, false},
		"nothing asked: the cluster stays as it is":     {existing, Request{}, *existing, false},
		"the same asked again":                          {existing, Request{Nodes: 1, Minor: "1.33"}, *existing, false},
		"another number of nodes isn't made by force":   {existing, Request{Nodes: 2}, *existing, true},
		"another Kubernetes isn't made by force either": {existing, Request{Minor: "1.36"}, *existing, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := merge(c.have, c.want, "now")
			if (err != nil) != c.fails || got != c.result {
				t.Errorf("merge = %+v, %v", got, err)
			}
		})
	}
}

func TestSettingsAreReadAsTheyWereWritten(t *testing.T) {
	dir := t.TempDir()
	if s, err := ReadSettings(dir); err != nil || s != nil {
		t.Fatalf("an empty folder has the settings %+v, %v", s, err)
	}
	want := Settings{Nodes: 2, Minor: "1.36", Boot: "b"}
	if err := writeSettings(dir, want); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadSettings(dir); err != nil || *got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestManifestsAreValidAndFilledIn(t *testing.T) {
	text := manifests("127.0.0.1:5000/coredns:abc")
	if strings.Contains(text, "{{") {
		t.Error("a placeholder is left")
	}
	var kinds []string
	for document := range strings.SplitSeq(text, "\n---\n") {
		var object struct {
			Kind     string
			Metadata struct{ Annotations map[string]string }
		}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		if object.Metadata.Annotations["storageclass.kubernetes.io/is-default-class"] == "true" {
			object.Kind += " by default"
		}
		kinds = append(kinds, object.Kind)
	}
	want := []string{
		"ServiceAccount", "ClusterRole", "ClusterRoleBinding", "ConfigMap", "Deployment", "Service", "StorageClass by default", "StorageClass",
	}
	if !slices.Equal(kinds, want) {
		t.Errorf("kinds are %q, want %q", kinds, want)
	}
	if !strings.Contains(text, "clusterIP: "+plan.DNSIP) {
		t.Error("the DNS has another address than the kubelets tell pods")
	}
}

func TestTheManifestOfOLMv1IsFilledIn(t *testing.T) {
	text := olmv1Manifests("127.0.0.1:5000/operator-controller:abc", "127.0.0.1:5000/cert-manager:abc")
	if strings.Contains(text, "{{") {
		t.Error("a placeholder is left")
	}
	var registries string
	for document := range strings.SplitSeq(text, "\n---\n") {
		var object struct{ Data map[string]string }
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		registries += object.Data["registries.conf"]
	}
	if want := strings.TrimSpace(render.Registries()); registries != want {
		t.Errorf("images are looked up by\n%s\nand not by\n%s", registries, want)
	}
}

func TestMountPoint(t *testing.T) {
	for line, want := range map[string]string{
		"/dev/vda / ext4 rw 0 0":                "/",
		"tmpfs /var/my\\040volume tmpfs rw 0 0": "/var/my volume",
		"broken":                                "",
	} {
		if got := mountPoint(line); got != want {
			t.Errorf("mountPoint(%q) = %q, want %q", line, got, want)
		}
	}
}
