// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kept

import (
	"context"
	"fmt"
	"strings"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// New makes the manager's cache. It is controller-runtime's but for the indexes of fields: controller-runtime keeps each twice, once over all
// namespaces and once within each, and where a namespace has a hundred objects the second has a set of some 250 bytes for nearly every key of
// every object. Here each is kept once, and who lists by one within a namespace gets what is in that namespace of it.
func New(cfg *rest.Config, opts cache.Options) (cache.Cache, error) {
	c, err := cache.New(cfg, opts)
	if err != nil {
		return nil, fmt.Errorf("making the cache: %w", err)
	}
	return &indexed{Cache: c, scheme: opts.Scheme, indexes: map[index]client.Object{}}, nil
}

type indexed struct {
	cache.Cache
	scheme *runtime.Scheme
	// indexes are those that were added, with an object of the kind. They are added before the cache starts.
	indexes map[index]client.Object
}

type index struct {
	kind  schema.GroupVersionKind
	field string
}

// store is what controller-runtime's informers have beside what their interface says. Those of a cache that is limited to some namespaces
// haven't.
type store interface {
	GetIndexer() toolscache.Indexer
}

// IndexField adds an index. Lists by it find objects by the keys that they have, in every namespace.
func (c *indexed) IndexField(ctx context.Context, of client.Object, field string, keys client.IndexerFunc) error {
	kind, err := apiutil.GVKForObject(of, c.scheme)
	if err != nil {
		return fmt.Errorf("finding the kind of %T: %w", of, err)
	}
	informer, err := c.GetInformer(ctx, of, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("finding the informer of %s: %w", kind.Kind, err)
	}
	if _, ok := informer.(store); !ok {
		return fmt.Errorf("indexing %s by %s: a %T has no indexer", kind.Kind, field, informer)
	}
	c.indexes[index{kind, field}] = of
	err = informer.AddIndexers(toolscache.Indexers{field: func(o any) ([]string, error) {
		object, ok := o.(client.Object)
		if !ok {
			return nil, fmt.Errorf("the cache of %s holds a %T", kind.Kind, o)
		}
		return keys(object), nil
	}})
	if err != nil {
		return fmt.Errorf("indexing %s by %s: %w", kind.Kind, field, err)
	}
	return nil
}

// List lists by an index that was added here, or as any cache.
func (c *indexed) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	options := client.ListOptions{}
	options.ApplyOptions(opts)
	by, key, ok := c.asked(list, options.FieldSelector)
	if !ok {
		return c.Cache.List(ctx, list, opts...)
	}
	informer, err := c.GetInformer(ctx, c.indexes[by])
	if err != nil {
		return fmt.Errorf("finding the informer of %s: %w", by.kind.Kind, err)
	}
	found, err := informer.(store).GetIndexer().ByIndex(by.field, key)
	if err != nil {
		return fmt.Errorf("listing %s by %s: %w", by.kind.Kind, by.field, err)
	}
	items := make([]runtime.Object, 0, len(found))
	for _, f := range found {
		o, ok := f.(client.Object)
		if !ok {
			return fmt.Errorf("the cache of %s holds a %T", by.kind.Kind, f)
		}
		if isIn(o, options) {
			items = append(items, handedOut(o, by.kind, options))
		}
		if options.Limit > 0 && int64(len(items)) == options.Limit {
			break
		}
	}
	if err := apimeta.SetList(list, items); err != nil {
		return fmt.Errorf("filling %T: %w", list, err)
	}
	return nil
}

// asked is the index that a list is asked for by, and the key.
func (c *indexed) asked(list client.ObjectList, selector fields.Selector) (by index, key string, ok bool) {
	if selector == nil || len(selector.Requirements()) != 1 {
		return index{}, "", false
	}
	requirement := selector.Requirements()[0]
	key, ok = selector.RequiresExactMatch(requirement.Field)
	if !ok {
		return index{}, "", false
	}
	kind, err := apiutil.GVKForObject(list, c.scheme)
	if err != nil {
		return index{}, "", false // the cache says so better
	}
	kind.Kind = strings.TrimSuffix(kind.Kind, "List")
	by = index{kind, requirement.Field}
	return by, key, c.indexes[by] != nil
}

func isIn(o client.Object, options client.ListOptions) bool {
	return (options.Namespace == "" || options.Namespace == o.GetNamespace()) &&
		(options.LabelSelector == nil || options.LabelSelector.Matches(labels.Set(o.GetLabels())))
}

// handedOut is a copy, unless the caller has promised that he writes nothing.
func handedOut(o client.Object, kind schema.GroupVersionKind, options client.ListOptions) runtime.Object {
	if options.UnsafeDisableDeepCopy != nil && *options.UnsafeDisableDeepCopy {
		return o
	}
	out := o.DeepCopyObject()
	out.GetObjectKind().SetGroupVersionKind(kind)
	return out
}
