// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"context"
	"sync"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/utils/clock"
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
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store"
)

// The status of a Repository is this controller's, and so is its finalizer (patch).
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=repositories,verbs=get;list;watch;patch
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=repositories/status,verbs=get;patch
// Where the Repository lies, and whether that works (gather).
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=backupstorages,verbs=get;list;watch
// The status sums the Snapshots up (gather); they go with the Repository (finalize).
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=snapshots,verbs=get;list;watch;delete
// The credentials of the backend are read by name (store.Open); the Secret of a cleanup Job is made (wipeVolume).
//+kubebuilder:rbac:groups="",resources=secrets,verbs=get;create
// Data on a volume is erased by a Job (wipeVolume), which its storage owns (blockOwnerDeletion), and its Secret the Job.
// Maintenance is a Job of the Repository, with a Secret that goes when it has ended (maintain, stopMaintenance).
//+kubebuilder:rbac:groups=batch,resources=jobs,verbs=get;list;watch;create;delete
//+kubebuilder:rbac:groups="",resources=secrets,verbs=delete
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=repositories/finalizers,verbs=update
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=backupstorages/finalizers,verbs=update
//+kubebuilder:rbac:groups=batch,resources=jobs/finalizers,verbs=update
// Who works on the Repository: maintenance and erasing wait for them (workers).
//+kubebuilder:rbac:groups=core.kubestash.com,resources=backupsessions;restoresessions,verbs=get;list;watch
// The Report of a Job is in its pod (store.ReadOutcome).
//+kubebuilder:rbac:groups="",resources=pods,verbs=get;list;watch
// The labels by which usage policies select a namespace, and its Pod Security level (gather, wipeVolume).
//+kubebuilder:rbac:groups="",resources=namespaces,verbs=get
// What happened is told as events (events.go).
//+kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// workers is how many Repositories are reconciled at a time.
const workers = 4

// Deps are what the controller needs; every field is required.
type Deps struct {
	Client client.Client
	// Live reads past the cache.
	Live     client.Reader
	Backends func(provider string) (backend.Backend, error)
	Recorder kube.Recorder
	Clock    clock.PassiveClock
	// Mover runs the Jobs that maintain, and those that erase data on volumes.
	Mover desired.Mover
}

// Reconciler reconciles Repositories.
type Reconciler struct {
	Deps
	skeleton kube.Skeleton[storagev1alpha1.Repository, *storagev1alpha1.Repository]
	// starts lets one maintenance start at a time.
	starts sync.Mutex
}

// New returns a Reconciler.
func New(deps Deps) *Reconciler {
	r := &Reconciler{Deps: deps}
	r.skeleton = kube.Skeleton[storagev1alpha1.Repository, *storagev1alpha1.Repository]{
		Client:    deps.Client,
		Finalizer: metav1alpha1.FinalizerCleanup,
		Finalize:  r.finalize,
		Step:      r.step,
	}
	return r
}

// Register adds the controller to the manager. The indexes of internal/kube/store must be registered.
func Register(mgr ctrl.Manager, deps Deps) error {
	r := New(deps)
	return ctrl.NewControllerManagedBy(mgr).
		Named("repository").
		For(&storagev1alpha1.Repository{}, builder.WithPredicates(predicate.Or[client.Object](
			predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
		Owns(&batchv1.Job{}).
		Watches(&storagev1alpha1.Snapshot{}, snapshots()).
		Watches(&storagev1alpha1.BackupStorage{}, handler.EnqueueRequestsFromMapFunc(r.byStorage), builder.WithPredicates(usable())).
		WithOptions(kube.Workers[ctrl.Request](workers)).
		Complete(r)
}

// Reconcile runs one pass.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	return r.skeleton.Reconcile(ctx, req)
}

// step gathers, decides and acts. Whether the document could be written is a fact that is decided on again.
func (r *Reconciler) step(ctx context.Context, repo *storagev1alpha1.Repository) error {
	if repo.Spec.Paused {
		return nil
	}
	storage, facts, err := r.gather(ctx, repo)
	if err != nil {
		return err
	}
	verdict := repository.Decide(facts)
	if verdict.Document {
		if facts.Write, err = r.writeDocument(ctx, repo, storage); err != nil {
			return err
		}
		verdict = repository.Decide(facts)
	}
	r.tell(ctx, repo, verdict.Status.Conditions)
	repo.Status = verdict.Status
	next := r.maintain(ctx, repo, storage, facts.Snapshots, verdict.Blocked)
	if verdict.Blocked != "" && (next == nil || kube.IsWait(next)) {
		return kube.Stall(verdict.Blocked, nil)
	}
	return next
}

func (r *Reconciler) byStorage(ctx context.Context, o client.Object) []reconcile.Request {
	repositories, err := store.Repositories(ctx, r.Client, client.ObjectKeyFromObject(o))
	if err != nil {
		log.FromContext(ctx).Error(err, "Not finding the Repositories of a BackupStorage")
		return nil
	}
	requests := make([]reconcile.Request, 0, len(repositories))
	for i := range repositories {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&repositories[i])})
	}
	return requests
}

// usable lets through what changes whether a storage can be used. Its sizes change with every backup.
func usable() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		old, isOld := e.ObjectOld.(*storagev1alpha1.BackupStorage)
		now, isNow := e.ObjectNew.(*storagev1alpha1.BackupStorage)
		return isOld && isNow && (old.Generation != now.Generation || old.Status.Phase != now.Status.Phase)
	}}
}
