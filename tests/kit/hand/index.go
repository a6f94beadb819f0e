// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hand

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// indexed is a client without a cache that can list by the indexes of a cache: it lists everything and picks.
type indexed struct {
	client.Client
	indexes map[indexKey]client.IndexerFunc
}

type indexKey struct {
	kind  schema.GroupVersionKind
	field string
}

var _ client.FieldIndexer = &indexed{}

// IndexField takes an index as a manager would.
func (c *indexed) IndexField(_ context.Context, obj client.Object, field string, keys client.IndexerFunc) error {
	kind, err := apiutil.GVKForObject(obj, c.Scheme())
	if err != nil {
		return fmt.Errorf("finding the kind of %T: %w", obj, err)
	}
	c.indexes[indexKey{kind, field}] = keys
	return nil
}

// List lists as the API server does, or by an index.
func (c *indexed) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	options := client.ListOptions{}
	options.ApplyOptions(opts)
	keys, value, err := c.indexFor(list, options.FieldSelector)
	if err != nil || keys == nil {
		if err == nil {
			err = c.Client.List(ctx, list, opts...)
		}
		return err
	}
	options.FieldSelector = nil
	if err := c.Client.List(ctx, list, &options); err != nil {
		return err
	}
	all, err := meta.ExtractList(list)
	if err != nil {
		return fmt.Errorf("reading %T: %w", list, err)
	}
	return meta.SetList(list, slices.DeleteFunc(all, func(o runtime.Object) bool {
		item, ok := o.(client.Object)
		return !ok || !slices.Contains(keys(item), value)
	}))
}

func (c *indexed) indexFor(list client.ObjectList, selector fields.Selector) (client.IndexerFunc, string, error) {
	if selector == nil {
		return nil, "", nil
	}
	requirements := selector.Requirements()
	if len(requirements) != 1 {
		return nil, "", nil
	}
	kind, err := apiutil.GVKForObject(list, c.Scheme())
	if err != nil {
		return nil, "", fmt.Errorf("finding the kind of %T: %w", list, err)
	}
	kind.Kind = kind.Kind[:len(kind.Kind)-len("List")]
	return c.indexes[indexKey{kind, requirements[0].Field}], requirements[0].Value, nil
}

// indexes is a manager that is never started, and gives its indexes to us: controllers register theirs with it.
type indexes struct {
	manager.Manager
	to *indexed
}

func (i indexes) GetFieldIndexer() client.FieldIndexer { return i.to }

func (i indexes) GetCache() cache.Cache { return indexedCache{Cache: i.Manager.GetCache(), to: i.to} }

// indexedCache is there for indexes that are registered past the manager.
type indexedCache struct {
	cache.Cache
	to *indexed
}

func (i indexedCache) IndexField(ctx context.Context, obj client.Object, field string, keys client.IndexerFunc) error {
	return i.to.IndexField(ctx, obj, field, keys)
}
