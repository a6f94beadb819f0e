// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package blueprint

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestSubjectsThatNobodyWatchesAreTold(t *testing.T) {
	watched := []metav1.TypeMeta{{APIVersion: "apps/v1", Kind: "Deployment"}, {APIVersion: "v1", Kind: "PersistentVolumeClaim"}}
	for sentence, row := range map[string]struct {
		subjects []metav1.TypeMeta
		want     string
	}{
		"there are none":                         {},
		"a kind that is watched anyway":          {subjects: watched},
		"another version of it":                  {subjects: []metav1.TypeMeta{{APIVersion: "apps/v2", Kind: "Deployment"}}},
		"a kind of the same name elsewhere":      {subjects: []metav1.TypeMeta{{APIVersion: "example.com/v1", Kind: "Deployment"}}, want: "spec.subjects names kinds that this version doesn't watch: example.com/v1 Deployment."},
		"two others, one of them twice":          {subjects: []metav1.TypeMeta{{APIVersion: "a/v1", Kind: "X"}, {APIVersion: "a/v1", Kind: "X"}, {APIVersion: "b/v1", Kind: "Y"}}, want: "a/v1 X, b/v1 Y."},
		"a kind without a version of a core one": {subjects: []metav1.TypeMeta{{Kind: "Pod"}}, want: "watch: Pod."},
	} {
		got := Unwatched(row.subjects, watched)
		if row.want == "" && got != "" || !strings.Contains(got, row.want) {
			t.Errorf("%s: got %q", sentence, got)
		}
	}
}
