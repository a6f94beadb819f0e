// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"reflect"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// A document from a bucket is one of ours, or foreign; what is ours survives being written, and nothing that it lists is lost.
func FuzzMetadata(f *testing.F) {
	for _, seed := range []string{
		"kind: BackendMeta\napiVersion: config.kubestash.com/v1alpha1\nrepositories:\n- {name: a, namespace: b, path: c}\n",
		"kind: BackendMeta\napiVersion: config.kubestash.com/v1alpha1\ncreationTimestamp: 2026-01-01T00:00:00+02:00\n",
		"kind: BackendMeta\napiVersion: config.kubestash.com/v1alpha1\nrepositories: [{}, {}, {name: \"${x}\\n\"}]\n",
		"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "\x00", "- 1", "{}", "kind: BackendMeta", "!!binary x",
	} {
		f.Add([]byte(seed))
	}
	now := metav1.NewTime(time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC))
	f.Fuzz(func(t *testing.T, content []byte) {
		m, err := ParseMetadata(content)
		if err != nil {
			return
		}
		written, err := m.Encode()
		if err != nil {
			t.Fatalf("%q was read and can't be written: %v", content, err)
		}
		again, err := ParseMetadata(written)
		if err != nil || !reflect.DeepEqual(normal(m), normal(again)) {
			t.Fatalf("%q was written %q and read as %+v, %v", content, written, again, err)
		}
		ours := []storagev1alpha1.RepositoryInfo{{Name: "ours", Namespace: "shop", Path: "shop/ours"}}
		merged, _ := Merge(m, ours, "v1", now)
		for _, r := range append(m.Repositories, ours...) {
			if len(Unknown(&Metadata{Repositories: []storagev1alpha1.RepositoryInfo{r}}, merged.Repositories)) > 0 {
				t.Errorf("%q: %+v got lost", content, r)
			}
		}
		if twice, changed := Merge(merged, ours, "v1", now); changed {
			t.Errorf("%q: merging again changes %+v into %+v", content, merged, twice)
		}
	})
}
