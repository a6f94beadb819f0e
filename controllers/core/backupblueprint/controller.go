// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupblueprint

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/blueprint"
	"kubestash.com/kubestash/internal/kube"
)

// Blueprints: Register and gather.go.
// +kubebuilder:rbac:groups=core.kubestash.com,resources=backupblueprints,verbs=get;list;watch
// BackupConfigurations: act.go, apply and remove.
// +kubebuilder:rbac:groups=core.kubestash.com,resources=backupconfigurations,verbs=get;list;watch;create;patch;delete
// Targets, as metadata only: Register.
// +kubebuilder:rbac:groups=apps,resources=deployments;statefulsets;daemonsets,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=persistentvolumeclaims,verbs=get;list;watch
// Storages that a blueprint names, and their usage policies: gather.go.
// +kubebuilder:rbac:groups=storage.kubestash.com,resources=backupstorages,verbs=get;list;watch
// Labels that usage policies select by: gather.go.
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get
// Telling owners of targets: events.go.
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Kinds are the kinds of targets. Each is watched by itself and reconciled alike.
var Kinds = []schema.GroupVersionKind{
	appsv1.SchemeGroupVersion.WithKind(metav1alpha1.KindDeployment),
	appsv1.SchemeGroupVersion.WithKind(metav1alpha1.KindStatefulSet),
	appsv1.SchemeGroupVersion.WithKind(metav1alpha1.KindDaemonSet),
	corev1.SchemeGroupVersion.WithKind(metav1alpha1.KindPersistentVolumeClaim),
}

// Request names a target, or a blueprint itself.
type Request struct {
	Kind, Namespace, Name string
}

// Deps are what the controller needs; every field is required.
type Deps struct {
	Client client.Client
	// Live reads past the cache.
	Live     client.Reader
	Recorder kube.Recorder
	Clock    clock.PassiveClock
	// Targets reads the metadata of targets, with the index ByBlueprint. Register takes the manager's cache when
	// it is nil: the client may bypass that for kinds whose whole objects are not cached.
	Targets client.Reader
}

// Reconciler reconciles targets.
type Reconciler struct {
	Deps
	told *told
}

// New returns a Reconciler.
func New(deps Deps) *Reconciler { return &Reconciler{Deps: deps, told: newTold()} }

// workers is how many targets are worked on at once: after a blueprint has changed, all of its targets are.
const workers = 4

// Register adds the controller and its indexes to the manager.
func Register(mgr ctrl.Manager, deps Deps) error {
	if deps.Targets == nil {
		deps.Targets = mgr.GetCache()
	}
	if err := AddIndexes(context.Background(), mgr.GetFieldIndexer()); err != nil {
		return err
	}
	r := New(deps)
	b := builder.TypedControllerManagedBy[Request](mgr).
		Named("backupblueprint").
		Watches(&corev1alpha1.BackupBlueprint{}, handler.TypedEnqueueRequestsFromMapFunc(r.fromBlueprint),
			builder.WithPredicates(blueprintChanged)).
		Watches(&corev1alpha1.BackupConfiguration{}, handler.TypedEnqueueRequestsFromMapFunc(fromConfiguration),
			builder.WithPredicates(configurationChanged)).
		WithOptions(kube.Workers[Request](workers))
	for _, kind := range Kinds {
		b = b.WatchesMetadata(metadata(kind), handler.TypedEnqueueRequestsFromMapFunc(fromTarget(kind.Kind)),
			builder.WithPredicates(annotationsChanged))
	}
	if err := b.Complete(r); err != nil {
		return fmt.Errorf("adding the controller of blueprints: %w", err)
	}
	return nil
}

func metadata(kind schema.GroupVersionKind) *metav1.PartialObjectMetadata {
	obj := &metav1.PartialObjectMetadata{}
	obj.SetGroupVersionKind(kind)
	return obj
}

// Reconcile runs one pass over a target, or over a blueprint itself.
func (r *Reconciler) Reconcile(ctx context.Context, req Request) (ctrl.Result, error) {
	ctx = log.IntoContext(ctx, log.FromContext(ctx).WithValues("kind", req.Kind, "namespace", req.Namespace, "name", req.Name))
	if req.Kind == corev1alpha1.KindBackupBlueprint {
		return kube.Result(r.tellSubjects(ctx, req))
	}
	target, facts, err := r.gather(ctx, req)
	if err != nil {
		return kube.Result(err)
	}
	verdict := blueprint.Decide(facts)
	err = r.act(ctx, target, facts, verdict)
	if err == nil {
		r.tellProblem(target, req, verdict.Problem)
		if verdict.Waits {
			err = kube.Stall(verdict.Problem.Reason, nil)
		}
	}
	return kube.Result(err)
}
