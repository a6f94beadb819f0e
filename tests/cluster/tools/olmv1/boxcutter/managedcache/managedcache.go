// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package managedcache answers: what has become of the objects that a ClusterExtension has made?
//
// It is in use whatever the gate: operator-controller looks again at a ClusterExtension when one of its objects is changed or deleted. A kind that
// has been watched once is watched until the program ends.
package managedcache

import (
	"context"
	"sync"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// TrackingCache watches kinds that are known only later.
type TrackingCache interface {
	client.Reader
	Start(ctx context.Context) error
	Source(h handler.EventHandler, predicates ...predicate.Predicate) source.Source
	Watch(ctx context.Context, user client.Object, gvks sets.Set[schema.GroupVersionKind]) error
	Free(ctx context.Context, user client.Object) error
}

type tracking struct {
	cache.Cache
	log logr.Logger

	mu      sync.Mutex
	watched sets.Set[schema.GroupVersionKind]
	// sinks are the controllers that have started.
	sinks []sink
}

type sink struct {
	ctx        context.Context //nolint:containedctx // it is the controller's, and ends with it
	queue      workqueue.TypedRateLimitingInterface[reconcile.Request]
	handler    handler.EventHandler
	predicates []predicate.Predicate
}

// NewTrackingCache watches nothing yet. It has to be started.
func NewTrackingCache(log logr.Logger, config *rest.Config, options cache.Options) (TrackingCache, error) {
	c, err := cache.New(config, options)
	if err != nil {
		return nil, err
	}
	return &tracking{Cache: c, log: log, watched: sets.New[schema.GroupVersionKind]()}, nil
}

// Source tells a controller of every kind that is watched now or later.
func (t *tracking) Source(h handler.EventHandler, predicates ...predicate.Predicate) source.Source {
	return source.Func(func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		t.mu.Lock()
		defer t.mu.Unlock()
		s := sink{ctx: ctx, queue: queue, handler: h, predicates: predicates}
		t.sinks = append(t.sinks, s)
		for gvk := range t.watched {
			if err := t.tell(s, gvk); err != nil {
				return err
			}
		}
		return nil
	})
}

// Watch watches kinds, as metadata only: who has changed something is asked about all of it.
func (t *tracking) Watch(_ context.Context, user client.Object, gvks sets.Set[schema.GroupVersionKind]) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for gvk := range gvks.Difference(t.watched) {
		t.log.Info("watching a kind", "kind", gvk.String(), "for", user.GetName())
		t.watched.Insert(gvk)
		for _, s := range t.sinks {
			if err := t.tell(s, gvk); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tracking) tell(s sink, gvk schema.GroupVersionKind) error {
	o := &metav1.PartialObjectMetadata{}
	o.SetGroupVersionKind(gvk)
	return source.Kind[client.Object](t.Cache, o, s.handler, s.predicates...).Start(s.ctx, s.queue)
}

// Free is asked when a ClusterExtension goes. Its kinds may be those of another, and a test cluster's process is short-lived.
func (t *tracking) Free(context.Context, client.Object) error { return nil }
