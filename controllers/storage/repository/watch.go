// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"context"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	rule "kubestash.com/kubestash/internal/domain/snapshot"
)

// A Repository sums its Snapshots up. A backup writes its Snapshot several times in a row and drops an older one at its end; counting after
// each of these would cost more writes than the backup itself.
const (
	// afterChange is how long after a Snapshot has ended, or has gone, they are counted.
	afterChange = time.Second
	// afterStart is the same for one that is still worked on. A backup that ends sooner is counted once.
	afterStart = 15 * time.Second
)

// snapshots looks at the Repository of a Snapshot, soon. What is asked for several times meanwhile is done once, at the earliest of
// the times.
func snapshots() handler.EventHandler {
	count := func(o client.Object, isGone bool, work workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		s, ok := o.(*storagev1alpha1.Snapshot)
		if !ok || s.Spec.Repository == "" {
			return
		}
		after := afterChange
		if !isGone && s.DeletionTimestamp.IsZero() && !rule.Completed(s.Status) {
			after = afterStart
		}
		work.AddAfter(reconcile.Request{NamespacedName: client.ObjectKey{Namespace: s.Namespace, Name: s.Spec.Repository}}, after)
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, work workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			count(e.Object, false, work)
		},
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, work workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			count(e.ObjectNew, false, work)
		},
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, work workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			count(e.Object, true, work)
		},
	}
}
