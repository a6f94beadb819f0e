// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restoresession

import (
	"context"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/restore"
	"kubestash.com/kubestash/internal/kube"
	hooks "kubestash.com/kubestash/internal/kube/hook"
	"kubestash.com/kubestash/internal/kube/progress"
)

// The status of a RestoreSession is this controller's; one with hooks gets a finalizer, for its post-hooks.
//+kubebuilder:rbac:groups=core.kubestash.com,resources=restoresessions,verbs=get;list;watch;patch
//+kubebuilder:rbac:groups=core.kubestash.com,resources=restoresessions/status,verbs=get;patch
// blockOwnerDeletion on the Jobs and the Secret of a session.
//+kubebuilder:rbac:groups=core.kubestash.com,resources=restoresessions/finalizers,verbs=update
// What is restored, and from where (gather).
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=snapshots;repositories;backupstorages,verbs=get;list;watch
// What a task runs (gather).
//+kubebuilder:rbac:groups=addons.kubestash.com,resources=addons;functions,verbs=get;list;watch
// Whose locks are stale (kube/lock): those of runs that are over.
//+kubebuilder:rbac:groups=core.kubestash.com,resources=backupsessions,verbs=get;list;watch
// One Job per component (CreateJobs, StopJobs).
//+kubebuilder:rbac:groups=batch,resources=jobs,verbs=get;list;watch;create;delete
// Reports are in the termination message of the Jobs' pods; the node of a claim is found by the pods that use it.
//+kubebuilder:rbac:groups="",resources=pods,verbs=get;list;watch
// Progress is the last line of a pod's log.
//+kubebuilder:rbac:groups="",resources=pods/log,verbs=get
// The session's Secret (CreateJobs, DropSecret); credentials and passwords are read by name, never listed.
//+kubebuilder:rbac:groups="",resources=secrets,verbs=get;create;delete
// The target's volumes (kube.ReadTarget).
//+kubebuilder:rbac:groups=apps,resources=deployments;statefulsets;daemonsets;replicasets,verbs=get
//+kubebuilder:rbac:groups="",resources=replicationcontrollers,verbs=get
// The claims that are restored into, and those that a restore makes (gatherClaims, createClaims).
//+kubebuilder:rbac:groups="",resources=persistentvolumeclaims,verbs=get;create
// Who else reads or writes the target (gatherRivals).
//+kubebuilder:rbac:groups=core.kubestash.com,resources=backupconfigurations;backupsessions,verbs=get;list;watch
// The Pod Security level (kube.NamespaceLabels).
//+kubebuilder:rbac:groups="",resources=namespaces,verbs=get
// What a hook does (gatherHooks).
//+kubebuilder:rbac:groups=core.kubestash.com,resources=hooktemplates,verbs=get;list;watch
// A hook runs its command in a container of the application (hook.Execer); its pods are found by their owner, through a ReplicaSet.
//+kubebuilder:rbac:groups="",resources=pods/exec,verbs=create
//+kubebuilder:rbac:groups=apps,resources=replicasets,verbs=get
// What happened is told as events.
//+kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// workers is how many restores are looked at at once: they are few.
const workers = 1

// Deps are what the controller needs; every field is required.
type Deps struct {
	Client client.Client
	// Live reads past the cache.
	Live     client.Reader
	Backends func(provider string) (backend.Backend, error)
	Logs     kube.LogReader
	Recorder kube.Recorder
	Clock    clock.PassiveClock
	Mover    desired.Mover
	Hooks    *hooks.Hooks
}

// Reconciler reconciles RestoreSessions.
type Reconciler struct {
	Deps
	skeleton kube.Skeleton[corev1alpha1.RestoreSession, *corev1alpha1.RestoreSession]
	progress *progress.Reader
}

// New returns a Reconciler.
func New(deps Deps) *Reconciler {
	r := &Reconciler{Deps: deps, progress: progress.NewReader(deps.Logs, deps.Clock)}
	r.skeleton = kube.Skeleton[corev1alpha1.RestoreSession, *corev1alpha1.RestoreSession]{
		Client:         deps.Client,
		Finalizer:      metav1alpha1.FinalizerCleanup,
		NeedsFinalizer: needsFinalizer,
		Finalize:       r.lastHooks,
		Step:           r.step,
		Makes:          true,
	}
	return r
}

// Register adds the controller to the manager.
func Register(mgr ctrl.Manager, deps Deps) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("restoresession").
		For(&corev1alpha1.RestoreSession{}).
		Owns(&batchv1.Job{}).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(byLabel)).
		WatchesRawSource(source.Channel(deps.Hooks.Runner.Calls(), &handler.EnqueueRequestForObject{})).
		WithOptions(kube.Workers[ctrl.Request](workers)).
		Complete(New(deps))
}

// Reconcile runs one pass.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	return r.skeleton.Reconcile(ctx, req)
}

// step gathers, decides and acts. The verdict's status holds only when every intent was carried out.
func (r *Reconciler) step(ctx context.Context, s *corev1alpha1.RestoreSession) error {
	if restore.Finished(s.Status) {
		return nil
	}
	g, err := r.gather(ctx, s)
	if err != nil {
		return err
	}
	verdict := restore.Decide(g.facts, r.Clock.Now())
	err = r.act(ctx, s, g, verdict.Intents)
	if kube.IsRefused(err) && !restore.Started(s.Status) {
		// What can't be created will not be created by trying again: the restore has failed, with these words.
		g.facts.Missing = []restore.Problem{{Message: err.Error()}}
		verdict = restore.Decide(g.facts, r.Clock.Now())
		err = r.act(ctx, s, g, verdict.Intents)
	}
	if err != nil {
		return err
	}
	s.Status = verdict.Status
	kube.Announce(ctx, func() { r.tell(s, verdict.Events) })
	if verdict.WakeUp > 0 {
		return kube.Wait(verdict.WakeUp, "the restore goes on")
	}
	return nil
}

// byLabel finds the session of a pod, whose owner is only the Job.
func byLabel(_ context.Context, o client.Object) []reconcile.Request {
	labels := o.GetLabels()
	if labels[metav1alpha1.LabelComponent] != metav1alpha1.JobComponentRestore {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{
		Namespace: o.GetNamespace(), Name: labels[metav1alpha1.LabelInvokerName],
	}}}
}
