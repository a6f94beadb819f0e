// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package blueprint

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestSubjectsThatNobodyWatchesAreTold(t *testing.T) {
	for sentence, c := range map[string]struct {
		subjects []metav1.TypeMeta
		want     string
	}{
		"none":                       {nil, ""},
		"those that are watched":     {[]metav1.TypeMeta{{Kind: "Deployment"}, {Kind: "PersistentVolumeClaim"}}, ""},
		"a kind that nobody watches": {[]metav1.TypeMeta{{Kind: "AppBinding"}, {Kind: "AppBinding"}}, "annotations of AppBinding are not watched by this version"},
		"two such kinds":             {[]metav1.TypeMeta{{Kind: "AppBinding"}, {Kind: "Job"}}, "annotations of AppBinding, Job are not watched"},
	} {
		if got := Unwatched(c.subjects); (got == "") != (c.want == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %q, want %q", sentence, got, c.want)
		}
	}
}
