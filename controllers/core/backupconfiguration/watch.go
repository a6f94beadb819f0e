// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupconfiguration

import (
	"context"
	"errors"
	"reflect"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/around"
)

// Indexes of the cache.
var (
	// byReference finds BackupConfigurations by what they refer to: "kind/namespace/name".
	byReference = kube.Index{Field: "reference", Keys: references}
	// byLocation finds BackupConfigurations by where their data lies.
	byLocation = kube.Index{Field: "location", Keys: locations}
)

// targetKinds are the kinds of targets that are watched.
var targetKinds = []schema.GroupVersionKind{
	appsv1.SchemeGroupVersion.WithKind(metav1alpha1.KindDeployment),
	appsv1.SchemeGroupVersion.WithKind(metav1alpha1.KindStatefulSet),
	appsv1.SchemeGroupVersion.WithKind(metav1alpha1.KindDaemonSet),
	corev1.SchemeGroupVersion.WithKind(metav1alpha1.KindPersistentVolumeClaim),
}

func addIndexes(ctx context.Context, indexer client.FieldIndexer) error {
	return errors.Join(
		byReference.Add(ctx, indexer, &corev1alpha1.BackupConfiguration{}),
		byReference.Add(ctx, indexer, &corev1alpha1.BackupBatch{}),
		byLocation.Add(ctx, indexer, &corev1alpha1.BackupConfiguration{}),
		byLocation.Add(ctx, indexer, &corev1alpha1.BackupBatch{}),
		around.ByLocation.Add(ctx, indexer, &storagev1alpha1.Repository{}),
	)
}

func key(kind, namespace, name string) string { return kind + "/" + namespace + "/" + name }

func locations(o client.Object) []string { return configuration.Locations(invoker.Of(o)) }

// references are the objects whose changes matter to an invoker. One that leaves its storage or its policy to the
// default is under the empty name. A key may be there more than once.
func references(o client.Object) []string {
	of := invoker.Of(o)
	var keys []string
	for _, target := range of.Targets {
		if ref := target.Normal(of.Namespace); ref != nil {
			keys = append(keys, key(ref.Kind, ref.Namespace, ref.Name))
		}
	}
	if configuration.NeedsDefaults(of) {
		keys = append(keys, key(storagev1alpha1.KindBackupStorage, "", ""), key(storagev1alpha1.KindRetentionPolicy, "", ""))
	}
	for _, backend := range of.Backends {
		if backend.StorageRef != nil {
			ref := configuration.Normalise(*backend.StorageRef, of.Namespace)
			keys = append(keys, key(storagev1alpha1.KindBackupStorage, ref.Namespace, ref.Name))
		}
		if backend.RetentionPolicy != nil {
			ref := configuration.Normalise(*backend.RetentionPolicy, of.Namespace)
			keys = append(keys, key(storagev1alpha1.KindRetentionPolicy, ref.Namespace, ref.Name))
		}
	}
	for _, session := range of.Sessions {
		for _, ref := range hookTemplates(session, of.Namespace) {
			keys = append(keys, key(corev1alpha1.KindHookTemplate, ref.Namespace, ref.Name))
		}
		for _, part := range session.Parts {
			if part.Addon != nil {
				keys = append(keys, key(addonsv1alpha1.KindAddon, "", part.Addon.Name))
			}
			for _, repository := range part.Repositories {
				keys = append(keys, key(storagev1alpha1.KindRepository, of.Namespace, repository.Name))
			}
		}
	}
	return keys
}

// mapReferrers finds the objects that refer to an object of a kind. Of is an empty list of what is looked for.
func mapReferrers(c client.Reader, of client.ObjectList, kind string) handler.MapFunc {
	return func(ctx context.Context, o client.Object) []ctrl.Request {
		keys := []string{key(kind, o.GetNamespace(), o.GetName())}
		if kind == storagev1alpha1.KindBackupStorage || kind == storagev1alpha1.KindRetentionPolicy {
			keys = append(keys, key(kind, "", ""))
		}
		var requests []ctrl.Request
		for _, k := range keys {
			list := of.DeepCopyObject().(client.ObjectList)
			err := byReference.List(ctx, c, list, k)
			if err == nil {
				err = apimeta.EachListItem(list, func(item runtime.Object) error {
					requests = append(requests, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(item.(client.Object))})
					return nil
				})
			}
			if err != nil {
				log.FromContext(ctx).Error(err, "Listing what refers to an object", "key", k)
				return nil
			}
		}
		return requests
	}
}

// specChanged leaves out changes of the status, which is our own.
var specChanged = predicate.Or(
	predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}, predicate.LabelChangedPredicate{},
)

// comesOrGoes leaves out all that happens between a target's creation and its deletion.
var comesOrGoes = predicate.Funcs{UpdateFunc: func(event.UpdateEvent) bool { return false }}

// readinessChanged leaves out the counters and sizes in statuses that change with each backup.
var readinessChanged = predicate.Or(specChanged, predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	return !reflect.DeepEqual(readiness(e.ObjectOld), readiness(e.ObjectNew)) ||
		!e.ObjectOld.GetDeletionTimestamp().Equal(e.ObjectNew.GetDeletionTimestamp())
}})

func readiness(o client.Object) []any {
	switch o := o.(type) {
	case *storagev1alpha1.BackupStorage:
		return []any{o.Status.Phase, o.Status.Conditions}
	case *storagev1alpha1.Repository:
		return []any{o.Status.Phase, o.Status.Conditions}
	default:
		return nil
	}
}
