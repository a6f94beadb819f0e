// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupstorage

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/storage"
	"kubestash.com/kubestash/internal/kube/around"
	"kubestash.com/kubestash/internal/validate"
)

// rivals adds what a webhook would have refused, were it there when the storage was written.
func (r *Reconciler) rivals(ctx context.Context, s *storagev1alpha1.BackupStorage, facts *storage.Facts) error {
	all, err := around.Cached(r.Client, r.Live).Storages(ctx)
	if err != nil {
		return err
	}
	earlier := storage.Earlier(s, all)
	facts.Problems = append(facts.Problems, validate.Messages(validate.SamePlace(s, earlier, r.Backends))...)
	facts.AnotherDefault = validate.Messages(validate.SecondDefaultStorage(s, earlier))
	return nil
}

// yielding leads to the storages that may have been refused for the sake of one that changes or goes.
func (r *Reconciler) yielding() handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, o client.Object) []reconcile.Request {
		all, err := around.Cached(r.Client, r.Live).Storages(ctx)
		if err != nil {
			log.FromContext(ctx).Error(err, "Finding the storages that another one was in the way of")
			return nil
		}
		var requests []reconcile.Request
		for i := range all {
			s := &all[i]
			isRefused := s.Status.Phase != storagev1alpha1.BackupStoragePhaseReady || metav1alpha1.HasCondition(s.Status.Conditions, storagev1alpha1.ConditionDefault)
			if s.UID != o.GetUID() && isRefused {
				requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(s)})
			}
		}
		return requests
	})
}

// changesOrGoes leaves out what a new storage does to others, which is nothing.
var changesOrGoes = predicate.And(predicate.GenerationChangedPredicate{}, predicate.Funcs{
	CreateFunc: func(event.CreateEvent) bool { return false },
})
