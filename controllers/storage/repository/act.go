// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"context"
	"errors"
	"time"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/repository"
	storagerule "kubestash.com/kubestash/internal/domain/storage"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/kube/store"
)

// writeTimeout bounds the writing of one document.
const writeTimeout = 30 * time.Second

// writeDocument writes the copy of a Repository beside its data. What the backend says against it is a fact; an error
// is the API server's.
func (r *Reconciler) writeDocument(
	ctx context.Context, repo *storagev1alpha1.Repository, storage *storagev1alpha1.BackupStorage,
) (*repository.Write, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	content, err := repository.Document(repo)
	if err != nil {
		return nil, err
	}
	objects, err := store.Open(ctx, r.Live, r.Backends, storage)
	if err == nil {
		defer func() { _ = objects.Close() }()
		err = objects.Put(ctx, repository.RepositoryKey(repo.Spec.Path), content)
	}
	message, known := explain(err)
	if err != nil && !known {
		return nil, err
	}
	return &repository.Write{Failure: message}, nil
}

// explain puts what the backend says into words for a user; false for an error that is not the backend's.
func explain(err error) (string, bool) {
	var secret *store.SecretError
	var known *engine.Error
	switch {
	case err == nil:
		return "", true
	case errors.As(err, &secret):
		return secret.Error(), true
	case errors.As(err, &known):
		return storagerule.Explain(known, ""), true
	default:
		return "", false
	}
}
