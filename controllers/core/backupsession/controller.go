// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"context"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/queue"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/kube"
	hooks "kubestash.com/kubestash/internal/kube/hook"
	"kubestash.com/kubestash/internal/kube/progress"
)

// The status of a BackupSession is this controller's; sessions beyond the history limit are deleted (DropSessions),
// a failed one is tried again (Retry), and the finalizer is added and removed.
//+kubebuilder:rbac:groups=core.kubestash.com,resources=backupsessions,verbs=get;list;watch;create;patch;delete
//+kubebuilder:rbac:groups=core.kubestash.com,resources=backupsessions/status,verbs=get;patch
// blockOwnerDeletion on the Jobs and the Secret of a session.
//+kubebuilder:rbac:groups=core.kubestash.com,resources=backupsessions/finalizers,verbs=update
// The session's part of its BackupConfiguration or BackupBatch (gather).
//+kubebuilder:rbac:groups=core.kubestash.com,resources=backupconfigurations;backupbatches,verbs=get;list;watch
// Snapshots are made (CreateSnapshot), written (RecordSnapshot) and deleted after retention (DropSnapshots).
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=snapshots,verbs=get;list;watch;create;patch;delete
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=snapshots/status,verbs=get;patch
// blockOwnerDeletion on Snapshots, which Repositories own.
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=repositories/finalizers,verbs=update
// Whose locks are stale (endedJobs).
//+kubebuilder:rbac:groups=core.kubestash.com,resources=restoresessions,verbs=get;list;watch
// Where the bytes go and what is kept (gather).
//+kubebuilder:rbac:groups=storage.kubestash.com,resources=repositories;backupstorages;retentionpolicies,verbs=get;list;watch
// What a task runs (plan).
//+kubebuilder:rbac:groups=addons.kubestash.com,resources=addons;functions,verbs=get;list;watch
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
//+kubebuilder:rbac:groups="",resources=persistentvolumeclaims,verbs=get
// A restore into the target that has not ended (gatherRestores).
//+kubebuilder:rbac:groups=core.kubestash.com,resources=restoresessions,verbs=get;list;watch
// The Pod Security level and the labels by which usage policies select (kube.NamespaceLabels).
//+kubebuilder:rbac:groups="",resources=namespaces,verbs=get
// What a hook does (gatherHooks).
//+kubebuilder:rbac:groups=core.kubestash.com,resources=hooktemplates,verbs=get;list;watch
// A hook runs its command in a container of the application (hook.Execer); its pods are found by their owner, through a ReplicaSet.
//+kubebuilder:rbac:groups="",resources=pods/exec,verbs=create
//+kubebuilder:rbac:groups=apps,resources=replicasets,verbs=get
// What happened is told as events.
//+kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// workers is how many sessions are reconciled at a time.
const workers = 4

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
	// Limits are how many BackupSessions run at once.
	Limits queue.Limits
	// Hooks runs the hooks around a backup.
	Hooks *hooks.Hooks
}

// Reconciler reconciles BackupSessions.
type Reconciler struct {
	Deps
	skeleton kube.Skeleton[corev1alpha1.BackupSession, *corev1alpha1.BackupSession]
	progress *progress.Reader
	turnstile
	wake func(reconcile.Request)
}

// New returns a Reconciler.
func New(deps Deps) *Reconciler {
	r := &Reconciler{Deps: deps, progress: progress.NewReader(deps.Logs, deps.Clock), wake: func(reconcile.Request) {}}
	r.skeleton = kube.Skeleton[corev1alpha1.BackupSession, *corev1alpha1.BackupSession]{
		Client:    deps.Client,
		Finalizer: metav1alpha1.FinalizerCleanup,
		Finalize:  r.abandon,
		Step:      r.step,
		Makes:     true,
		Gone:      func(key client.ObjectKey) { r.leave(queue.Key(key)) },
	}
	return r
}

// OnWake says how a session is looked at again although nothing about it has changed: its turn has come.
func (r *Reconciler) OnWake(wake func(reconcile.Request)) { r.wake = wake }

// Register adds the controller to the manager.
func Register(mgr ctrl.Manager, deps Deps) error {
	if err := index(context.Background(), mgr.GetFieldIndexer()); err != nil {
		return err
	}
	r := New(deps)
	return ctrl.NewControllerManagedBy(mgr).
		Named("backupsession").
		For(&corev1alpha1.BackupSession{}, builder.WithPredicates(somethingHappened)).
		Owns(&batchv1.Job{}).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(byLabel)).
		Watches(&storagev1alpha1.Snapshot{}, handler.EnqueueRequestsFromMapFunc(bySnapshot)).
		WatchesRawSource(source.Func(func(_ context.Context, work workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
			r.OnWake(work.Add)
			return nil
		})).
		WatchesRawSource(source.Channel(deps.Hooks.Runner.Calls(), &handler.EnqueueRequestForObject{})).
		WithOptions(kube.Workers[ctrl.Request](workers)).
		Complete(r)
}

// Reconcile runs one pass.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	return r.skeleton.Reconcile(ctx, req)
}

// step gathers, decides and acts. The verdict's status holds only when every intent was carried out.
func (r *Reconciler) step(ctx context.Context, s *corev1alpha1.BackupSession) error {
	if session.Finished(s.Status) && !session.RetryPending(s.Status) {
		r.leave(keyOf(s))
		return nil
	}
	g, err := r.gather(ctx, s)
	if err != nil {
		return err
	}
	verdict := session.Decide(g.facts, r.Clock.Now())
	err = r.act(ctx, s, g, verdict.Intents)
	for !started(s) && g.refused(err) {
		verdict = session.Decide(g.facts, r.Clock.Now())
		err = r.act(ctx, s, g, verdict.Intents)
	}
	if err != nil {
		return err
	}
	s.Status = verdict.Status
	r.pass(ctx, g, verdict)
	kube.Announce(ctx, func() { r.tell(s, verdict.Events) })
	if verdict.WakeUp > 0 {
		return kube.Wait(verdict.WakeUp, "the backup goes on")
	}
	return nil
}

// byLabel finds the session of a pod, whose owner is only the Job. A name that is too long for a label finds
// nobody: then the Job's own events and the wake-ups have to do.
func byLabel(_ context.Context, o client.Object) []reconcile.Request {
	labels := o.GetLabels()
	switch labels[metav1alpha1.LabelComponent] {
	case metav1alpha1.JobComponentBackup, metav1alpha1.JobComponentRetentionPolicy:
	default:
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{
		Namespace: o.GetNamespace(), Name: labels[metav1alpha1.LabelInvokerName],
	}}}
}

func bySnapshot(_ context.Context, o client.Object) []reconcile.Request {
	s, ok := o.(*storagev1alpha1.Snapshot)
	if !ok || s.Spec.BackupSession == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: s.Namespace, Name: s.Spec.BackupSession}}}
}
