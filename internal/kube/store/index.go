// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// Names of field indexes.
const (
	// indexStorage finds Repositories, of any namespace, by "namespace/name" of their BackupStorage.
	indexStorage = "kubestash.storageRef"
	// indexRepository finds Snapshots of a namespace by the name of their Repository.
	indexRepository = "kubestash.repository"
)

// Index registers the indexes. It is called once, before the manager starts.
func Index(ctx context.Context, indexer client.FieldIndexer) error {
	if err := indexer.IndexField(ctx, &storagev1alpha1.Repository{}, indexStorage, StorageOf); err != nil {
		return fmt.Errorf("indexing repositories by storage: %w", err)
	}
	if err := indexer.IndexField(ctx, &storagev1alpha1.Snapshot{}, indexRepository, RepositoryOf); err != nil {
		return fmt.Errorf("indexing snapshots by repository: %w", err)
	}
	return nil
}

// Indexes calls each with what Index registers, for test clients.
func Indexes(each func(obj client.Object, field string, of client.IndexerFunc)) {
	each(&storagev1alpha1.Repository{}, indexStorage, StorageOf)
	each(&storagev1alpha1.Snapshot{}, indexRepository, RepositoryOf)
}

// StorageOf is the indexer of Repositories.
func StorageOf(obj client.Object) []string {
	r, ok := obj.(*storagev1alpha1.Repository)
	if !ok {
		return nil
	}
	return []string{Key(r).String()}
}

// RepositoryOf is the indexer of Snapshots.
func RepositoryOf(obj client.Object) []string {
	s, ok := obj.(*storagev1alpha1.Snapshot)
	if !ok {
		return nil
	}
	return []string{s.Spec.Repository}
}

// Key is the BackupStorage of a Repository. A reference without a namespace means the Repository's own.
func Key(r *storagev1alpha1.Repository) client.ObjectKey {
	key := client.ObjectKey{Namespace: r.Spec.StorageRef.Namespace, Name: r.Spec.StorageRef.Name}
	if key.Namespace == "" {
		key.Namespace = r.Namespace
	}
	return key
}

// Repositories lists those of a BackupStorage, in every namespace.
func Repositories(ctx context.Context, r client.Reader, storage client.ObjectKey) ([]storagev1alpha1.Repository, error) {
	var list storagev1alpha1.RepositoryList
	if err := r.List(ctx, &list, client.MatchingFields{indexStorage: storage.String()}); err != nil {
		return nil, fmt.Errorf("listing repositories of storage %s: %w", storage, err)
	}
	return list.Items, nil
}

// Snapshots lists those of a Repository.
func Snapshots(ctx context.Context, r client.Reader, repository client.ObjectKey) ([]storagev1alpha1.Snapshot, error) {
	var list storagev1alpha1.SnapshotList
	err := r.List(ctx, &list, client.InNamespace(repository.Namespace), client.MatchingFields{indexRepository: repository.Name})
	if err != nil {
		return nil, fmt.Errorf("listing snapshots of repository %s: %w", repository, err)
	}
	return list.Items, nil
}
