// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// shelf is a cache: its lists share memory with what it holds when they may.
type shelf struct {
	client.Reader
	field string
	index client.IndexerFunc
	holds []*corev1.ConfigMap
}

func (s *shelf) IndexField(_ context.Context, _ client.Object, field string, index client.IndexerFunc) error {
	s.field, s.index = field, index
	return nil
}

func (s *shelf) List(_ context.Context, list client.ObjectList, opts ...client.ListOption) error {
	options := client.ListOptions{}
	options.ApplyOptions(opts)
	if options.UnsafeDisableDeepCopy == nil || !*options.UnsafeDisableDeepCopy {
		return fmt.Errorf("a whole drawer was copied")
	}
	value, found := options.FieldSelector.RequiresExactMatch(s.field)
	if !found {
		return fmt.Errorf("it wasn't asked by index %q", s.field)
	}
	out := list.(*corev1.ConfigMapList)
	for _, o := range s.holds {
		if slices.Contains(s.index(o), value) && (options.Namespace == "" || options.Namespace == o.Namespace) {
			out.Items = append(out.Items, *o)
		}
	}
	return nil
}

func TestIndex(t *testing.T) {
	byOwner := Index{Field: "owner", Keys: func(o client.Object) []string {
		return []string{o.GetAnnotations()["owner"], "everybody"}
	}}
	s := &shelf{}
	if err := byOwner.Add(t.Context(), s, &corev1.ConfigMap{}); err != nil {
		t.Fatal(err)
	}
	// Far more than there are drawers: each drawer holds what has other keys.
	const number = 4 * drawers
	for i := range number {
		s.holds = append(s.holds, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
			Namespace: fmt.Sprintf("ns-%d", i%2), Name: fmt.Sprintf("cm-%d", i), Annotations: map[string]string{"owner": fmt.Sprintf("owner-%d", i/2)},
		}})
	}
	find := func(key string, opts ...client.ListOption) []corev1.ConfigMap {
		t.Helper()
		var list corev1.ConfigMapList
		if err := byOwner.List(t.Context(), s, &list, key, opts...); err != nil {
			t.Fatal(err)
		}
		return list.Items
	}
	for i := range number / 2 {
		found := find(fmt.Sprintf("owner-%d", i))
		if len(found) != 2 || found[0].Name != fmt.Sprintf("cm-%d", 2*i) || found[1].Name != fmt.Sprintf("cm-%d", 2*i+1) {
			t.Fatalf("owner-%d has %v", i, found)
		}
	}
	if found := find("owner-7", client.InNamespace("ns-1")); len(found) != 1 || found[0].Name != "cm-15" {
		t.Errorf("in one namespace: %v", found)
	}
	if found := find("everybody"); len(found) != number {
		t.Errorf("under a key that all have: %d", len(found))
	}
	if found := find("nobody"); len(found) != 0 {
		t.Errorf("under a key that none has: %d", len(found))
	}
	find("owner-0")[0].Annotations["owner"] = "thief"
	if s.holds[0].Annotations["owner"] != "owner-0" {
		t.Error("what was found shares memory with the cache")
	}
}

func TestAnObjectIsInADrawerOnce(t *testing.T) {
	twice := Index{Keys: func(client.Object) []string { return []string{"a", "a", "a"} }}
	if got := twice.Drawers(&corev1.ConfigMap{}); len(got) != 1 {
		t.Errorf("it is in %v", got)
	}
}
