// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"
)

const bundle = "../../bundle"

// csv is the part of a ClusterServiceVersion that is looked at.
type csv struct {
	Metadata struct {
		Name        string
		Annotations map[string]string
		Labels      map[string]string
	}
	Spec struct {
		Version       string
		RelatedImages []struct{ Name, Image string }
		Install       struct {
			Spec struct {
				Deployments []struct {
					Name string
					Spec appsv1.DeploymentSpec
				}
				Permissions, ClusterPermissions []struct {
					ServiceAccountName string
					Rules              []rbacv1.PolicyRule
				}
			}
		}
		WebhookDefinitions        []webhookDefinition
		CustomResourceDefinitions struct {
			Owned []struct {
				Kind, Name, Description            string
				Resources                          []struct{ Kind, Version string }
				SpecDescriptors, StatusDescriptors []struct{ Path, DisplayName, Description string }
			}
		}
	}
}

func read[T any](t *testing.T, file string) T {
	t.Helper()
	var out T
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(content, &out); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return out
}

func readCSV(t *testing.T) csv {
	t.Helper()
	return read[csv](t, filepath.Join(bundle, "manifests", "kubestash.clusterserviceversion.yaml"))
}

// PROJECT, the CRDs, what the bundle owns and the samples name the same kinds.
func TestEveryKindIsEverywhere(t *testing.T) {
	c := readCSV(t)
	project := read[struct{ Resources []struct{ Kind string } }](t, "../../PROJECT")
	var want, owned, examples []string
	for _, r := range project.Resources {
		want = append(want, r.Kind)
	}
	for _, o := range c.Spec.CustomResourceDefinitions.Owned {
		owned = append(owned, o.Kind)
	}
	var samples []struct {
		Kind string
		Spec map[string]any
	}
	if err := json.Unmarshal([]byte(c.Metadata.Annotations["alm-examples"]), &samples); err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		examples = append(examples, s.Kind)
	}
	for what, got := range map[string][]string{"owned kinds": owned, "examples": examples, "CRDs": crds(t)} {
		slices.Sort(got)
		slices.Sort(want)
		if got = slices.Compact(got); !slices.Equal(got, want) {
			t.Errorf("%s: %q, and PROJECT has %q", what, got, want)
		}
	}
	for _, s := range samples {
		for _, o := range c.Spec.CustomResourceDefinitions.Owned {
			for key := range s.Spec {
				if o.Kind == s.Kind && !slices.ContainsFunc(o.SpecDescriptors, func(d struct{ Path, DisplayName, Description string }) bool {
					return d.Path == key && d.Description != "" && d.DisplayName != ""
				}) {
					t.Errorf("nothing describes spec.%s of a %s", key, s.Kind)
				}
			}
		}
	}
	for _, o := range c.Spec.CustomResourceDefinitions.Owned {
		if o.Description == "" || len(o.Resources) == 0 {
			t.Errorf("%s has the description %q and the resources %v", o.Kind, o.Description, o.Resources)
		}
	}
}

func crds(t *testing.T) (kinds []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(bundle, "manifests", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		o := read[struct {
			Kind string
			Spec struct{ Names struct{ Kind string } }
		}](t, file)
		if o.Kind == "CustomResourceDefinition" {
			kinds = append(kinds, o.Spec.Names.Kind)
		}
	}
	return kinds
}

// A bundle of other CRDs than the operator's would be installed without a word.
func TestTheCRDsAreThoseOfThisVersion(t *testing.T) {
	files, err := filepath.Glob("../crd/bases/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		want := read[struct{ Spec any }](t, file)
		got := read[struct{ Spec any }](t, filepath.Join(bundle, "manifests", filepath.Base(file)))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is another one in the bundle: run \"make bundle\"", filepath.Base(file))
		}
	}
}

// OLM v1 would take them, and every object of theirs, with the ClusterExtension.
func TestTheCRDsStayWhenTheOperatorGoes(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(bundle, "manifests", "*.kubestash.com_*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		crd := read[struct {
			Metadata struct{ Annotations map[string]string }
		}](t, file)
		if got := crd.Metadata.Annotations["helm.sh/resource-policy"]; got != "keep" {
			t.Errorf("%s has the policy %q", filepath.Base(file), got)
		}
	}
}

// Whoever mirrors the related images has all that is ever started.
func TestEveryImageIsRelated(t *testing.T) {
	c := readCSV(t)
	related := map[string]bool{}
	for _, i := range c.Spec.RelatedImages {
		related[i.Image] = true
	}
	used := map[string]bool{c.Metadata.Annotations["containerImage"]: true}
	for _, d := range c.Spec.Install.Spec.Deployments {
		for _, container := range d.Spec.Template.Spec.Containers {
			used[container.Image] = true
			for _, e := range container.Env {
				if strings.HasPrefix(e.Name, "RELATED_IMAGE_") {
					used[e.Value] = true
				}
			}
		}
	}
	if !maps.Equal(related, used) {
		t.Errorf("related are %v, and used are %v", related, used)
	}
	for image := range used {
		if name := image[strings.LastIndex(image, "/")+1:]; !strings.Contains(name, "@sha256:") && (!strings.Contains(name, ":") || strings.HasSuffix(name, ":latest")) {
			t.Errorf("%q is an image that changes", image)
		}
	}
}

// No validator looks at these.
func TestAnnotationsAreTrueOrFalse(t *testing.T) {
	c := readCSV(t)
	for _, name := range []string{"disconnected", "fips-compliant", "proxy-aware", "tls-profiles", "token-auth-aws", "token-auth-azure", "token-auth-gcp"} {
		if v := c.Metadata.Annotations["features.operators.openshift.io/"+name]; v != "true" && v != "false" {
			t.Errorf("%s is %q", name, v)
		}
	}
	if c.Metadata.Name != "kubestash.v"+c.Spec.Version {
		t.Errorf("%s has the version %s", c.Metadata.Name, c.Spec.Version)
	}
	var described map[string]struct{ Description string }
	if err := json.Unmarshal([]byte(c.Metadata.Annotations["alm-examples-metadata"]), &described); err != nil || len(described) < 12 {
		t.Errorf("the examples are described by %v: %v", described, err)
	}
	// OLM copies all of them to every pod of the operator.
	size := 0
	for key, value := range c.Metadata.Annotations {
		size += len(key) + len(value)
	}
	if size > 128<<10 {
		t.Errorf("the annotations have %d bytes", size)
	}
}

// With an OperatorGroup of all namespaces OLM makes what stands in permissions a right of the whole cluster.
func TestRightsAreNoWiderThanWithoutOLM(t *testing.T) {
	c := readCSV(t)
	if got := c.Spec.Install.Spec.Permissions; len(got) != 0 {
		t.Errorf("namespaced rights that OLM would widen: %+v", got)
	}
	role := read[rbacv1.ClusterRole](t, "../rbac/role.yaml")
	proxy := []rbacv1.PolicyRule{
		{APIGroups: []string{"authentication.k8s.io"}, Resources: []string{"tokenreviews"}, Verbs: []string{"create"}},
		{APIGroups: []string{"authorization.k8s.io"}, Resources: []string{"subjectaccessreviews"}, Verbs: []string{"create"}},
	}
	var got []rbacv1.PolicyRule
	for _, p := range c.Spec.Install.Spec.ClusterPermissions {
		got = append(got, p.Rules...)
	}
	want := slices.Concat(role.Rules, proxy)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("OLM grants\n%+v\nand config/rbac\n%+v", got, want)
	}
	binding := read[rbacv1.RoleBinding](t, filepath.Join(bundle, "manifests", "kubestash-operator-leader-election_rolebinding.yaml"))
	lease := read[rbacv1.Role](t, filepath.Join(bundle, "manifests", "kubestash-operator-leader-election_role.yaml"))
	if binding.Namespace != "" || lease.Namespace != "" || len(binding.Subjects) != 1 || binding.Subjects[0].Namespace != "" {
		t.Errorf("the lease's rights are bound to a namespace: %+v", binding)
	}
	elsewhere := read[rbacv1.Role](t, "../rbac/leader_election.yaml")
	if !reflect.DeepEqual(lease.Rules, elsewhere.Rules) {
		t.Errorf("the lease's rights are %+v, and without OLM %+v", lease.Rules, elsewhere.Rules)
	}
}

// The namespace that is suggested enforces the restricted Pod Security level.
func TestTheOperatorIsRestricted(t *testing.T) {
	c := readCSV(t)
	if len(c.Spec.Install.Spec.Deployments) != 1 {
		t.Fatalf("%d Deployments", len(c.Spec.Install.Spec.Deployments))
	}
	pod := c.Spec.Install.Spec.Deployments[0].Spec.Template.Spec
	if s := pod.SecurityContext; s == nil || !ptr.Deref(s.RunAsNonRoot, false) || s.SeccompProfile == nil || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Errorf("the pod has %+v", pod.SecurityContext)
	}
	for _, container := range pod.Containers {
		s := container.SecurityContext
		if s == nil || ptr.Deref(s.AllowPrivilegeEscalation, true) || !ptr.Deref(s.ReadOnlyRootFilesystem, false) || s.Capabilities == nil ||
			!slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) || len(s.Capabilities.Add) > 0 {
			t.Errorf("container %s has %+v", container.Name, s)
		}
		r := container.Resources
		if r.Requests.Cpu().IsZero() || r.Requests.Memory().IsZero() || r.Limits.Memory().IsZero() {
			t.Errorf("container %s has %+v", container.Name, r)
		}
	}
}

// The labels of the image are for tools that don't look into it.
func TestLabelsAreTheAnnotations(t *testing.T) {
	metadata := read[struct{ Annotations map[string]string }](t, filepath.Join(bundle, "metadata", "annotations.yaml"))
	content, err := os.ReadFile("../../bundle.Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{}
	for line := range strings.Lines(string(content)) {
		if label, ok := strings.CutPrefix(strings.TrimSpace(line), "LABEL "); ok {
			key, value, _ := strings.Cut(label, "=")
			labels[key] = value
		}
	}
	if len(labels) == 0 || !maps.Equal(labels, metadata.Annotations) {
		t.Errorf("the image has %v, and annotations.yaml %v", labels, metadata.Annotations)
	}
}

// OLM puts the whole bundle into one ConfigMap.
func TestSize(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(bundle, "manifests", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		total += base64.StdEncoding.EncodedLen(packed.Len())
	}
	if total > 512<<10 {
		t.Errorf("the bundle takes %d bytes", total)
	}
	t.Logf("the bundle takes %d bytes of 1048576", total)
}
