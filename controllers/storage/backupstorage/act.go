// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupstorage

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/storage"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store"
	"kubestash.com/kubestash/internal/task"
)

// act carries an intent out. A failure is for a user to mend; an error, the API server's, is tried again.
func (r *Reconciler) act(ctx context.Context, s *storagev1alpha1.BackupStorage, intent storage.Intent) (*engine.Error, error) {
	switch i := intent.(type) {
	case nil:
		return nil, nil
	case storage.WriteMetadata:
		return r.writeMetadata(ctx, s, i.Metadata)
	case storage.StartInit:
		err := r.startInit(ctx, s, i.Metadata)
		if store.IsForeign(err) {
			return &engine.Error{Class: engine.ClassUnknown, Message: err.Error()}, nil
		}
		return nil, err
	case storage.RemoveInit:
		return nil, r.removeInit(ctx, s)
	default:
		return nil, fmt.Errorf("acting on storage: unknown intent %T", intent)
	}
}

func (r *Reconciler) writeMetadata(ctx context.Context, s *storagev1alpha1.BackupStorage, m *storage.Metadata) (*engine.Error, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	content, err := m.Encode()
	if err != nil {
		return nil, err
	}
	objects, err := store.Open(ctx, r.Live, r.Backends, s)
	if err != nil {
		// It could be opened a moment ago; the next pass finds out why it can't now.
		return nil, err
	}
	defer func() { _ = objects.Close() }()
	return failure(objects.Put(ctx, repository.MetadataKey(), content)), nil
}

func (r *Reconciler) startInit(ctx context.Context, s *storagev1alpha1.BackupStorage, m *storage.Metadata) error {
	content, err := m.Encode()
	if err != nil {
		return err
	}
	in, err := r.job(ctx, s, naming.InitJob(s.Name))
	if err != nil {
		return err
	}
	files := []task.File{{Path: repository.MetadataKey(), Content: string(content)}}
	return store.EnsureJob(ctx, r.Client, r.Live, desired.InitStorageJob(in), func(job *batchv1.Job) (*corev1.Secret, error) {
		return desired.TaskSecret(job, desired.InitStorageTask(in, files))
	})
}

func (r *Reconciler) removeInit(ctx context.Context, s *storagev1alpha1.BackupStorage) error {
	job, found, err := kube.Get[batchv1.Job](ctx, r.Live, s.Namespace, naming.InitJob(s.Name))
	if err != nil || !found || !metav1.IsControlledBy(job, s) {
		return err
	}
	return kube.Delete(ctx, r.Client, job)
}

func (r *Reconciler) job(ctx context.Context, s *storagev1alpha1.BackupStorage, name string) (desired.StorageJob, error) {
	labels, err := kube.NamespaceLabels(ctx, r.Live, s.Namespace)
	if err != nil {
		return desired.StorageJob{}, err
	}
	return desired.StorageJob{Storage: s, Name: name, Mover: r.Mover, NamespaceLabels: labels}, nil
}
