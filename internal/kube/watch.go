// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Later looks at what an object belongs to, some time after something has happened to it. What is asked for several times meanwhile is
// done once, at the earliest of the times. The function says at what and after which time; false means that it is nobody's business.
func Later(ask func(o client.Object, isGone bool) (key client.ObjectKey, after time.Duration, isWanted bool)) handler.EventHandler {
	look := func(o client.Object, isGone bool, work workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		if key, after, isWanted := ask(o, isGone); isWanted {
			work.AddAfter(reconcile.Request{NamespacedName: key}, after)
		}
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, work workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			look(e.Object, false, work)
		},
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, work workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			look(e.ObjectNew, false, work)
		},
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, work workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			look(e.Object, true, work)
		},
	}
}
