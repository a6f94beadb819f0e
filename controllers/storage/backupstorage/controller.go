// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupstorage

import (
	"context"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/storage"
	"kubestash.com/kubestash/internal/kube"
)

// The status of a BackupStorage is this controller's, and so is its finalizer (patch).
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=backupstorages,verbs=get;list;watch;patch
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=backupstorages/status,verbs=get;patch
// blockOwnerDeletion on the Jobs that a storage owns (desired.InitStorageJob).
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=backupstorages/finalizers,verbs=update
// status.repositories is what refers to the storage (gather); they go with it (finalize). Those that are found in the
// backend are made (take, by apply).
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=repositories,verbs=get;list;watch;create;patch;delete
// The Snapshots that are found in the backend are made, with what their documents say (takeSnapshot).
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=snapshots,verbs=get;list;watch;create
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=snapshots/status,verbs=get;patch
// blockOwnerDeletion on the Snapshots that a Repository owns (repository.RecoverSnapshot).
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=repositories/finalizers,verbs=update
// Who still refers to a storage that is deleted is told in an event (finalize).
//+kubebuilder:rbac:groups=core.kubestash.com,resources=backupconfigurations,verbs=get;list;watch
// The credentials of the backend are read by name (store.Open); the Secret of a Job is made (store.EnsureJob).
//+kubebuilder:rbac:groups="",resources=secrets,verbs=get;create
// A storage on a volume is initialised and erased by a Job (store.EnsureJob, removeInit).
//+kubebuilder:rbac:groups=batch,resources=jobs,verbs=get;list;watch;create;delete
// blockOwnerDeletion on the Secret that a Job owns (desired.TaskSecret).
//+kubebuilder:rbac:groups=batch,resources=jobs/finalizers,verbs=update
// The Report of a Job is in its pod (store.ReadOutcome).
//+kubebuilder:rbac:groups="",resources=pods,verbs=get;list;watch
// The documents that lie on a volume are in the log of the pod that has read them (readVolume).
//+kubebuilder:rbac:groups="",resources=pods/log,verbs=get
// The Pod Security level of the namespace that a Job runs in (startInit); whether a namespace exists that a Repository was
// in, and the labels by which a usage policy selects it (mayHave).
//+kubebuilder:rbac:groups="",resources=namespaces,verbs=get
// What happened is told as events (events.go).
//+kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// workers is how many storages are reconciled at a time. A pass may wait for a server that doesn't answer.
const workers = 8

// Deps are what the controller needs; every field is required.
type Deps struct {
	Client client.Client
	// Live reads past the cache.
	Live     client.Reader
	Backends func(provider string) (backend.Backend, error)
	// Output reads what pods print.
	Output   kube.LogOpener
	Recorder kube.Recorder
	Clock    clock.PassiveClock
	// Mover runs the Jobs of storages on volumes.
	Mover desired.Mover
	// Version is the operator's, and is written into metadata.yaml.
	Version string
}

// Reconciler reconciles BackupStorages.
type Reconciler struct {
	Deps
	skeleton kube.Skeleton[storagev1alpha1.BackupStorage, *storagev1alpha1.BackupStorage]
	looks    *memory
}

// New returns a Reconciler.
func New(deps Deps) *Reconciler {
	r := &Reconciler{Deps: deps, looks: newMemory()}
	r.skeleton = kube.Skeleton[storagev1alpha1.BackupStorage, *storagev1alpha1.BackupStorage]{
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
		Named("backupstorage").
		For(&storagev1alpha1.BackupStorage{}, builder.WithPredicates(
			predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
		Owns(&batchv1.Job{}).
		Watches(&storagev1alpha1.Repository{}, byRepository(), builder.WithPredicates(relevant())).
		Watches(&storagev1alpha1.BackupStorage{}, r.yielding(), builder.WithPredicates(changesOrGoes)).
		WithOptions(kube.Workers[ctrl.Request](workers)).
		Complete(r)
}

// Reconcile runs one pass.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	return r.skeleton.Reconcile(ctx, req)
}

// step gathers, decides and acts. A write that fails is a fact like any other: it is decided on again.
func (r *Reconciler) step(ctx context.Context, s *storagev1alpha1.BackupStorage) error {
	facts, err := r.gather(ctx, s)
	if err != nil {
		return err
	}
	if storage.IsLookDue(facts) {
		if err := r.look(ctx, s, &facts); err != nil {
			return err
		}
	}
	verdict := storage.Decide(facts)
	failure, err := r.act(ctx, s, verdict.Intent)
	if err != nil {
		return err
	}
	if failure != nil {
		facts = storage.Failed(facts, failure)
		verdict = storage.Decide(facts)
	}
	if facts.Look != nil {
		r.looks.remember(s.UID, storage.NewLastLook(facts))
	}
	wake, err := r.readBack(ctx, s, facts, &verdict.Status)
	storage.Listed(&verdict.Status)
	r.tell(ctx, s, verdict.Status.Conditions)
	s.Status = verdict.Status
	if wake > 0 && (verdict.WakeUp == 0 || wake < verdict.WakeUp) {
		verdict.WakeUp = wake
	}
	switch {
	case err != nil:
		return err
	case verdict.Stalled != "":
		return kube.Stall(verdict.Stalled, nil)
	case verdict.WakeUp > 0:
		return kube.Wait(verdict.WakeUp, "the storage is looked at again")
	default:
		return nil
	}
}
