// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Index finds objects in the cache by keys of which nearly every object has its own. The cache has a set for each key of an index, which is
// some 300 bytes; so ours has a few drawers instead, into which keys are sorted by their hash. Finding an object means to look through its
// drawer.
type Index struct {
	// Field is the name of the index.
	Field string
	// Keys are those of an object.
	Keys client.IndexerFunc
}

// drawers is how many there are. A list looks through so many times fewer objects than the cache holds.
const drawers = 512

// Add has the cache keep the index for a kind.
func (i Index) Add(ctx context.Context, indexer client.FieldIndexer, of client.Object) error {
	if err := indexer.IndexField(ctx, of, i.Field, i.Drawers); err != nil {
		return fmt.Errorf("indexing %T by %s: %w", of, i.Field, err)
	}
	return nil
}

// Drawers are those in which an object lies.
func (i Index) Drawers(o client.Object) []string {
	var out []string
	for _, key := range i.Keys(o) {
		if d := drawer(key); !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}

// List fills list with the objects that have a key. What else lies in the drawer isn't copied.
func (i Index) List(ctx context.Context, r client.Reader, list client.ObjectList, key string, opts ...client.ListOption) error {
	opts = append(slices.Clone(opts), client.MatchingFields{i.Field: drawer(key)}, client.UnsafeDisableDeepCopy)
	if err := r.List(ctx, list, opts...); err != nil {
		return fmt.Errorf("listing %T by %s: %w", list, i.Field, err)
	}
	var found []runtime.Object
	err := apimeta.EachListItem(list, func(item runtime.Object) error {
		if o, ok := item.(client.Object); ok && slices.Contains(i.Keys(o), key) {
			found = append(found, item.DeepCopyObject())
		}
		return nil
	})
	if err == nil {
		err = apimeta.SetList(list, found)
	}
	if err != nil {
		return fmt.Errorf("reading %T: %w", list, err)
	}
	return nil
}

// drawerNames are made once: an index would keep a copy of each object's.
var drawerNames = func() (names [drawers]string) {
	for i := range names {
		names[i] = fmt.Sprint(i)
	}
	return names
}()

func drawer(key string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return drawerNames[h.Sum32()%drawers]
}
