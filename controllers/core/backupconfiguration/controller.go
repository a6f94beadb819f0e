// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupconfiguration

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/kube"
)

// The finalizer and the status: kube.Skeleton. Rivals at a location: gather.go, rivals.
// +kubebuilder:rbac:groups=core.kubestash.com,resources=backupconfigurations,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=core.kubestash.com,resources=backupconfigurations/status,verbs=patch
// Owning CronJobs and BackupSessions with blockOwnerDeletion: internal/desired, Trigger and BackupSession.
// +kubebuilder:rbac:groups=core.kubestash.com,resources=backupconfigurations/finalizers,verbs=update
// The first run: act.go, startFirst.
// +kubebuilder:rbac:groups=core.kubestash.com,resources=backupsessions,verbs=get;create
// Storages and retention policies that are named or default: gather.go, storages and policies.
// +kubebuilder:rbac:groups=storage.kubestash.com,resources=backupstorages;retentionpolicies,verbs=get;list;watch
// HookTemplates that sessions name: hooks.go.
// +kubebuilder:rbac:groups=core.kubestash.com,resources=hooktemplates,verbs=get;list;watch
// Repositories: act.go, ensureRepository and deleteRepositories.
// +kubebuilder:rbac:groups=storage.kubestash.com,resources=repositories,verbs=get;list;watch;create;patch;delete
// What tasks need: gather.go, addons.
// +kubebuilder:rbac:groups=addons.kubestash.com,resources=addons;functions,verbs=get;list;watch
// The CronJob of each session: trigger.go.
// +kubebuilder:rbac:groups=batch,resources=cronjobs,verbs=get;list;watch;create;patch;delete
// Whether the target exists: gather.go, target; and when it comes or goes: Register.
// +kubebuilder:rbac:groups=apps,resources=deployments;statefulsets;daemonsets,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=persistentvolumeclaims,verbs=get;list;watch
// Whether an encryption Secret holds a password: gather.go, secrets. By name only.
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get
// Labels that usage policies select by: gather.go, surroundings. Whether anything can be made there: step.
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get
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

// Reconciler reconciles the objects of one kind that starts backups.
type Reconciler[T any, P kube.Object[T]] struct {
	worker
	skeleton kube.Skeleton[T, P]
}

// worker is what reconciling does, whatever the kind.
type worker struct {
	Deps
	triggers triggers
}

// New returns the Reconciler of BackupConfigurations.
func New(deps Deps) *Reconciler[corev1alpha1.BackupConfiguration, *corev1alpha1.BackupConfiguration] {
	return NewOf[corev1alpha1.BackupConfiguration](deps)
}

// NewOf returns the Reconciler of any kind that package invoker can read.
func NewOf[T any, P kube.Object[T]](deps Deps) *Reconciler[T, P] {
	r := &Reconciler[T, P]{worker: worker{Deps: deps}}
	r.skeleton = kube.Skeleton[T, P]{
		Client:    deps.Client,
		Finalizer: metav1alpha1.FinalizerCleanup,
		Finalize:  func(ctx context.Context, obj P) error { return r.finalize(ctx, invoker.Of(obj)) },
		Step:      r.step,
	}
	return r
}

// Register adds the controller of BackupConfigurations, and the indexes of all kinds, to the manager.
func Register(mgr ctrl.Manager, deps Deps) error {
	if err := addIndexes(context.Background(), mgr.GetFieldIndexer()); err != nil {
		return err
	}
	return RegisterOf[corev1alpha1.BackupConfiguration](mgr, deps, "backupconfiguration", &corev1alpha1.BackupConfigurationList{})
}

// RegisterOf adds the controller of any kind that package invoker can read. The list is an empty one of that kind.
func RegisterOf[T any, P kube.Object[T]](mgr ctrl.Manager, deps Deps, name string, list client.ObjectList) error {
	mapped := func(kind string) handler.EventHandler {
		return handler.EnqueueRequestsFromMapFunc(mapReferrers(deps.Client, list, kind))
	}
	b := ctrl.NewControllerManagedBy(mgr).
		Named(name).
		For(P(new(T)), builder.WithPredicates(specChanged)).
		Owns(&batchv1.CronJob{}, builder.OnlyMetadata, builder.WithPredicates(specChanged)).
		Watches(&storagev1alpha1.BackupStorage{}, mapped(storagev1alpha1.KindBackupStorage), builder.WithPredicates(readinessChanged)).
		Watches(&storagev1alpha1.RetentionPolicy{}, mapped(storagev1alpha1.KindRetentionPolicy)).
		Watches(&storagev1alpha1.Repository{}, mapped(storagev1alpha1.KindRepository), builder.WithPredicates(readinessChanged)).
		Watches(&corev1alpha1.HookTemplate{}, mapped(corev1alpha1.KindHookTemplate)).
		Watches(&addonsv1alpha1.Addon{}, mapped(addonsv1alpha1.KindAddon)).
		WithOptions(kube.Workers[ctrl.Request](workers))
	for _, kind := range targetKinds {
		target := &metav1.PartialObjectMetadata{}
		target.SetGroupVersionKind(kind)
		b = b.WatchesMetadata(target, mapped(kind.Kind), builder.WithPredicates(comesOrGoes))
	}
	if err := b.Complete(NewOf[T, P](deps)); err != nil {
		return fmt.Errorf("adding the controller %s: %w", name, err)
	}
	return nil
}

// workers is how many objects of a kind are worked on at once: one that waits for the API server must not
// hold up the others after a restart.
const workers = 4

// Reconcile runs one pass.
func (r *Reconciler[T, P]) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	return r.skeleton.Reconcile(ctx, req)
}

func (r *Reconciler[T, P]) step(ctx context.Context, obj P) error {
	facts, err := r.gather(ctx, invoker.Of(obj.DeepCopyObject()))
	if err != nil {
		return err
	}
	before := facts.Invoker.Seen.Clone()
	verdict := configuration.Decide(facts)
	if verdict.Makes(facts) {
		deleted, err := kube.NamespaceDeletion(ctx, r.Live, facts.Invoker.Namespace)
		if err != nil {
			return err
		}
		facts.Leaving = !deleted.IsZero()
		verdict = configuration.Decide(facts)
	}
	err = r.act(ctx, facts, &before, &verdict.Status, verdict.Intents)
	verdict.Status.Write(obj)
	kube.Announce(ctx, func() { r.tell(obj, before, verdict.Status) })
	switch {
	case err != nil:
		return err
	case verdict.WakeUp > 0:
		return kube.Wait(verdict.WakeUp, "the next slot, or something that is missing")
	case verdict.Stalled != "":
		return kube.Stall(verdict.Stalled, nil)
	default:
		return nil
	}
}
