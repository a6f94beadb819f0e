// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the multiarch validator compares, once images are published: labels, node affinity, and what images are built for.
func TestThePlatformsAreThoseThatWereTried(t *testing.T) {
	labelled := map[string][]string{}
	for label, value := range readCSV(t).Metadata.Labels {
		if kind, name, ok := strings.Cut(strings.TrimPrefix(label, "operatorframework.io/"), "."); ok && value == "supported" {
			labelled[kind] = append(labelled[kind], name)
		}
	}
	pod := readCSV(t).Spec.Install.Spec.Deployments[0].Spec.Template.Spec
	if pod.Affinity == nil || pod.Affinity.NodeAffinity == nil || pod.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		t.Fatal("the pod goes to any node")
	}
	placed := map[string][]string{}
	for _, term := range pod.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		for _, e := range term.MatchExpressions {
			placed[strings.TrimPrefix(e.Key, "kubernetes.io/")] = e.Values
		}
	}
	for _, kind := range []string{"arch", "os"} {
		slices.Sort(labelled[kind])
		slices.Sort(placed[kind])
		if len(labelled[kind]) == 0 || !slices.Equal(labelled[kind], placed[kind]) {
			t.Errorf("%s: labels say %q, and the pod goes to %q", kind, labelled[kind], placed[kind])
		}
	}
	makefile, err := os.ReadFile("../release.mk")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^ARCHES \?= (.*)$`).FindStringSubmatch(string(makefile))
	if m == nil {
		t.Fatal("config/release.mk says nothing about architectures")
	}
	for _, arch := range labelled["arch"] {
		if !slices.Contains(strings.Fields(m[1]), arch) {
			t.Errorf("%s is a label, and no image is built for it", arch)
		}
	}
}
