// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package snapshot

import (
	"context"
	"sync"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	rule "kubestash.com/kubestash/internal/domain/snapshot"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store"
)

// The finalizer of a Snapshot is this controller's (patch).
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=snapshots,verbs=get;list;watch;patch
// Where the Snapshot's document lies, and who else rules over it (gather).
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=repositories;backupstorages,verbs=get;list;watch
// The credentials of the backend are read by name (store.Open).
//+kubebuilder:rbac:groups="",resources=secrets,verbs=get
// What stays is told as events (events.go).
//+kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// workers is how many Snapshots are reconciled at a time.
const workers = 4

// Deps are what the controller needs; every field is required.
type Deps struct {
	Client client.Client
	// Live reads past the cache.
	Live     client.Reader
	Backends func(provider string) (backend.Backend, error)
	Recorder kube.Recorder
}

// Reconciler reconciles Snapshots.
type Reconciler struct {
	Deps
	skeleton kube.Skeleton[storagev1alpha1.Snapshot, *storagev1alpha1.Snapshot]
	// told holds, by UID, what was told of a deletion that waits: there is no condition to see that by. Losing it
	// costs one event.
	told sync.Map
}

// New returns a Reconciler.
func New(deps Deps) *Reconciler {
	r := &Reconciler{Deps: deps}
	r.skeleton = kube.Skeleton[storagev1alpha1.Snapshot, *storagev1alpha1.Snapshot]{
		Client:    deps.Client,
		Finalizer: metav1alpha1.FinalizerCleanup,
		Finalize:  r.finalize,
		Step:      func(context.Context, *storagev1alpha1.Snapshot) error { return nil },
	}
	return r
}

// Register adds the controller to the manager. The indexes of internal/kube/store must be registered.
func Register(mgr ctrl.Manager, deps Deps) error {
	r := New(deps)
	return ctrl.NewControllerManagedBy(mgr).
		Named("snapshot").
		For(&storagev1alpha1.Snapshot{}, builder.WithPredicates(relevant())).
		Watches(&storagev1alpha1.Repository{}, handler.EnqueueRequestsFromMapFunc(r.waiting), builder.WithPredicates(relevant())).
		WithOptions(kube.Workers[ctrl.Request](workers)).
		Complete(r)
}

// Reconcile runs one pass.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	return r.skeleton.Reconcile(ctx, req)
}

// waiting finds the Snapshots whose deletion waits, once their Repository is deleted as well: then they need not.
func (r *Reconciler) waiting(ctx context.Context, o client.Object) []reconcile.Request {
	if o.GetDeletionTimestamp().IsZero() {
		return nil
	}
	snapshots, err := store.Snapshots(ctx, r.Client, client.ObjectKeyFromObject(o))
	if err != nil {
		log.FromContext(ctx).Error(err, "Not finding the Snapshots of a Repository")
		return nil
	}
	var requests []reconcile.Request
	for i := range snapshots {
		if !snapshots[i].DeletionTimestamp.IsZero() {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&snapshots[i])})
		}
	}
	return requests
}

// relevant lets through what bears on a deletion. A status changes every few seconds while a backup runs.
func relevant() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() || rule.Forgotten(e.ObjectOld) != rule.Forgotten(e.ObjectNew)
	}}
}
