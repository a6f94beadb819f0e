// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/usage"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store"
	"kubestash.com/kubestash/internal/validate"
)

// gather reads what the cluster knows. The storage is nil when it doesn't exist.
func (r *Reconciler) gather(ctx context.Context, repo *storagev1alpha1.Repository) (*storagev1alpha1.BackupStorage, repository.Facts, error) {
	key := store.Key(repo)
	facts := repository.Facts{
		Now:        metav1.NewTime(r.Clock.Now()),
		Generation: repo.Generation,
		Status:     *repo.Status.DeepCopy(),
		Problems:   validate.Messages(validate.Repository(repo)),
		Storage:    key.String(),
	}
	var err error
	if facts.Snapshots, err = store.Snapshots(ctx, r.Client, client.ObjectKeyFromObject(repo)); err != nil {
		return nil, facts, err
	}
	storage, found, err := kube.Get[storagev1alpha1.BackupStorage](ctx, r.Client, key.Namespace, key.Name)
	if err != nil || !found {
		return nil, facts, err
	}
	facts.StorageFound = true
	if facts.StorageAllowed, facts.Denial, err = r.mayUse(ctx, storage, repo.Namespace); err != nil {
		return nil, facts, err
	}
	facts.StorageReady = storage.DeletionTimestamp.IsZero() && storage.Status.Phase == storagev1alpha1.BackupStoragePhaseReady
	facts.StorageMessage = firstFalse(storage.Status.Conditions)
	if b, err := r.Backends(storage.Spec.Storage.Provider); err == nil {
		facts.Network = !b.IsVolume()
	}
	return storage, facts, nil
}

func (r *Reconciler) mayUse(ctx context.Context, s *storagev1alpha1.BackupStorage, namespace string) (bool, string, error) {
	var labels map[string]string
	if usage.NeedsLabels(s.Spec.UsagePolicy) {
		var err error
		if labels, err = kube.NamespaceLabels(ctx, r.Live, namespace); err != nil {
			return false, "", err
		}
	}
	allowed, reason := usage.Allowed(s.Spec.UsagePolicy, s.Namespace, namespace, labels)
	return allowed, reason, nil
}

func firstFalse(conditions []metav1alpha1.Condition) string {
	for _, c := range conditions {
		if c.Status == metav1.ConditionFalse {
			return c.Message
		}
	}
	return ""
}
