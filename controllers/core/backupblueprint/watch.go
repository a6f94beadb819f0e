// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupblueprint

import (
	"context"
	"fmt"
	"maps"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/blueprint"
	"kubestash.com/kubestash/internal/kube"
)

// ByBlueprint is the index of the cache that finds targets by the blueprint that they name: "namespace/name".
const ByBlueprint = "blueprint"

// ByTarget finds BackupConfigurations by the target that they were made for.
var ByTarget = kube.Index{Field: "blueprint-target", Keys: TargetOf}

// AddIndexes adds what the reconciler looks things up by.
func AddIndexes(ctx context.Context, indexer client.FieldIndexer) error {
	for _, kind := range Kinds {
		if err := indexer.IndexField(ctx, metadata(kind), ByBlueprint, BlueprintOf); err != nil {
			return fmt.Errorf("indexing %ss by blueprint: %w", kind.Kind, err)
		}
	}
	return ByTarget.Add(ctx, indexer, &corev1alpha1.BackupConfiguration{})
}

// BlueprintOf is the key of ByBlueprint.
func BlueprintOf(o client.Object) []string {
	reference, ok := blueprint.Reference(blueprint.Target{Namespace: o.GetNamespace(), Annotations: o.GetAnnotations()})
	if !ok {
		return nil
	}
	return []string{reference.String()}
}

// TargetOf is the key of ByTarget. The annotation alone makes a BackupConfiguration ours only together with the
// label: a user's copy of one has lost neither, so ours is also told by the hash.
func TargetOf(o client.Object) []string {
	annotations := o.GetAnnotations()
	target := annotations[blueprint.AnnotationTarget]
	if target == "" || annotations[blueprint.AnnotationHash] == "" ||
		o.GetLabels()[metav1alpha1.LabelManagedBy] != metav1alpha1.ManagedByKubeStash {
		return nil
	}
	return []string{target}
}

func fromTarget(kind string) handler.TypedMapFunc[client.Object, Request] {
	return func(_ context.Context, o client.Object) []Request {
		return []Request{{Kind: kind, Namespace: o.GetNamespace(), Name: o.GetName()}}
	}
}

// fromConfiguration leads to the target that a BackupConfiguration was made for. After a restart this is how
// targets are found whose annotation went meanwhile.
func fromConfiguration(_ context.Context, o client.Object) []Request {
	var requests []Request
	for _, key := range TargetOf(o) {
		parts := strings.Split(key, "/")
		if len(parts) == 3 && isKind(parts[0]) {
			requests = append(requests, Request{Kind: parts[0], Namespace: parts[1], Name: parts[2]})
		}
	}
	return requests
}

func isKind(kind string) bool {
	for _, known := range Kinds {
		if known.Kind == kind {
			return true
		}
	}
	return false
}

// fromBlueprint leads to the blueprint itself and to every target that names it.
func (r *Reconciler) fromBlueprint(ctx context.Context, o client.Object) []Request {
	requests := []Request{{Kind: corev1alpha1.KindBackupBlueprint, Namespace: o.GetNamespace(), Name: o.GetName()}}
	for _, kind := range Kinds {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		if err := r.Targets.List(ctx, list, client.MatchingFields{ByBlueprint: client.ObjectKeyFromObject(o).String()}); err != nil {
			log.FromContext(ctx).Error(err, "Listing the targets of a blueprint", "kind", kind.Kind)
			continue
		}
		for _, item := range list.Items {
			requests = append(requests, Request{Kind: kind.Kind, Namespace: item.Namespace, Name: item.Name})
		}
	}
	return requests
}

// annotationsChanged lets through what can matter of a target: most of its changes are of its status.
var annotationsChanged = predicate.Funcs{
	CreateFunc:  func(e event.CreateEvent) bool { return isAnnotated(e.Object) },
	DeleteFunc:  func(e event.DeleteEvent) bool { return isAnnotated(e.Object) },
	GenericFunc: func(event.GenericEvent) bool { return false },
	UpdateFunc: func(e event.UpdateEvent) bool {
		return (isAnnotated(e.ObjectOld) || isAnnotated(e.ObjectNew)) &&
			(!maps.Equal(e.ObjectOld.GetAnnotations(), e.ObjectNew.GetAnnotations()) ||
				e.ObjectOld.GetUID() != e.ObjectNew.GetUID() ||
				!e.ObjectOld.GetDeletionTimestamp().Equal(e.ObjectNew.GetDeletionTimestamp()))
	},
}

func isAnnotated(o client.Object) bool { return len(BlueprintOf(o)) > 0 }

// blueprintChanged: its labels are copied, and the rest is its spec.
var blueprintChanged = predicate.Or(predicate.GenerationChangedPredicate{}, predicate.LabelChangedPredicate{})

// configurationChanged leaves out statuses, and edits of the spec: a user's edit stays until the target or the
// blueprint changes.
var configurationChanged = predicate.Or(predicate.AnnotationChangedPredicate{}, predicate.LabelChangedPredicate{})
