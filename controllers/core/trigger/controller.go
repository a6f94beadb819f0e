// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package trigger

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/kube"
)

// Jobs of slots: Register; completing them: act.go, complete.
// +kubebuilder:rbac:groups=batch,resources=jobs,verbs=get;list;watch
// +kubebuilder:rbac:groups=batch,resources=jobs/status,verbs=patch
// The CronJob of a slot, whose owner is the invoker: gather.go.
// +kubebuilder:rbac:groups=batch,resources=cronjobs,verbs=get;list;watch
// The invoker of a slot: gather.go; owning a BackupSession with blockOwnerDeletion: act.go, run.
// +kubebuilder:rbac:groups=core.kubestash.com,resources=backupconfigurations;backupbatches,verbs=get;list;watch
// +kubebuilder:rbac:groups=core.kubestash.com,resources=backupconfigurations/finalizers;backupbatches/finalizers,verbs=update
// The run: act.go, run.
// +kubebuilder:rbac:groups=core.kubestash.com,resources=backupsessions,verbs=get;create
// Telling users: events.go.
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Deps are what the controller needs; every field is required.
type Deps struct {
	Client client.Client
	// Live reads past the cache.
	Live     client.Reader
	Recorder kube.Recorder
	Clock    clock.PassiveClock
}

// Reconciler reconciles the Jobs of slots. They have no status of ours, so it doesn't use kube.Skeleton.
type Reconciler struct{ Deps }

// New returns a Reconciler.
func New(deps Deps) *Reconciler { return &Reconciler{deps} }

// workers is how many slots are worked on at once: in most clusters all schedules fire in the same second.
const workers = 8

// Register adds the controller to the manager.
func Register(mgr ctrl.Manager, deps Deps) error {
	err := ctrl.NewControllerManagedBy(mgr).
		Named("trigger").
		For(&batchv1.Job{}, builder.WithPredicates(predicate.NewPredicateFuncs(isOpenSlot))).
		WithOptions(kube.Workers[ctrl.Request](workers)).
		Complete(New(deps))
	if err != nil {
		return fmt.Errorf("adding the controller of slots: %w", err)
	}
	return nil
}

// isOpenSlot reports whether a Job marks a slot and has not been completed.
func isOpenSlot(o client.Object) bool {
	job, ok := o.(*batchv1.Job)
	return ok && ptr.Deref(job.Spec.ManagedBy, "") == metav1alpha1.JobManagedBy && !isFinished(job) &&
		job.DeletionTimestamp.IsZero()
}

// Reconcile answers one slot.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	job, found, err := kube.Get[batchv1.Job](ctx, r.Client, req.Namespace, req.Name)
	if err != nil || !found || !isOpenSlot(job) {
		return ctrl.Result{}, err
	}
	facts, on, err := r.gather(ctx, job)
	if err != nil {
		return kube.Result(err)
	}
	verdict := configuration.Slot(facts)
	message := "Skipped: " + verdict.Skipped + "."
	if verdict.Session != nil {
		name, err := r.run(ctx, facts, on, verdict)
		if err != nil {
			return kube.Result(err)
		}
		message = "Started BackupSession " + name + "."
	} else {
		log.FromContext(ctx).Info("Skipped a slot", "reason", verdict.Skipped)
	}
	if verdict.Missed {
		r.tellMissed(on, facts, verdict.Skipped)
	}
	return kube.Result(r.complete(ctx, job, message))
}
