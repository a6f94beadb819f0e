// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package snapshot

import (
	"context"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store"
)

// place is where a Snapshot's document lies.
type place struct {
	repository *storagev1alpha1.Repository
	storage    *storagev1alpha1.BackupStorage
}

// gather finds where the document lies. It is false when the Snapshot goes together with its Repository or storage:
// what becomes of the data is for those to say then, or can't be done any more.
func (r *Reconciler) gather(ctx context.Context, s *storagev1alpha1.Snapshot) (place, bool, error) {
	repo, found, err := kube.Get[storagev1alpha1.Repository](ctx, r.Client, s.Namespace, s.Spec.Repository)
	if err != nil || !found || !repo.DeletionTimestamp.IsZero() {
		return place{}, false, err
	}
	key := store.Key(repo)
	storage, found, err := kube.Get[storagev1alpha1.BackupStorage](ctx, r.Client, key.Namespace, key.Name)
	if err != nil || !found || !storage.DeletionTimestamp.IsZero() {
		return place{}, false, err
	}
	return place{repository: repo, storage: storage}, true, nil
}

// holdsData is true when restic has stored something for the Snapshot.
func holdsData(s *storagev1alpha1.Snapshot) bool {
	for _, c := range s.Status.Components {
		for _, stats := range c.ResticStats {
			if stats.Summary != nil && stats.Summary.ID != "" {
				return true
			}
		}
	}
	return false
}
