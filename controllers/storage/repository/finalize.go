// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"context"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store"
)

// removalInterval is how long Snapshots and Jobs are given before they are looked at again.
const removalInterval = 2 * time.Second

// eraseTimeout bounds one pass of erasing. What was erased stays so; the next pass goes on.
const eraseTimeout = 5 * time.Minute

const waysOut = "Mend that; or set spec.deletionPolicy to Delete, to let the Repository go and keep its data."

// finalize removes the Snapshots from the cluster and, with the policy WipeOut, then the data from the backend. The
// policy is read in each pass, so that a user can still change it.
func (r *Reconciler) finalize(ctx context.Context, repo *storagev1alpha1.Repository) error {
	snapshots, err := store.Snapshots(ctx, r.Client, client.ObjectKeyFromObject(repo))
	if err != nil {
		return err
	}
	for i := range snapshots {
		if !snapshots[i].DeletionTimestamp.IsZero() {
			continue
		}
		if err := kube.Delete(ctx, r.Client, &snapshots[i]); err != nil {
			return err
		}
	}
	if len(snapshots) > 0 {
		return kube.Wait(removalInterval, "Snapshots are being removed")
	}
	if repo.Spec.DeletionPolicy != storagev1alpha1.DeletionPolicyWipeOut {
		return nil
	}
	storage, keep, err := r.keepReason(ctx, repo)
	switch {
	case err != nil:
		return err
	case keep != "":
		kube.Announce(ctx, func() { r.Recorder.Warning(repo, eventKept, keep) })
		return nil
	case storage == nil:
		return nil
	}
	if err := r.wipe(ctx, repo, storage); err != nil {
		return err
	}
	kube.Announce(ctx, func() { r.Recorder.Normal(repo, eventWiped, "The backup data was erased from the backend.") })
	return nil
}

// keepReason finds the storage to erase from. It is nil when the data is not this Repository's to erase: with a reason
// where a user should know, and without one where the storage itself is being deleted and its own policy rules.
func (r *Reconciler) keepReason(ctx context.Context, repo *storagev1alpha1.Repository) (*storagev1alpha1.BackupStorage, string, error) {
	key := store.Key(repo)
	storage, found, err := kube.Get[storagev1alpha1.BackupStorage](ctx, r.Client, key.Namespace, key.Name)
	switch {
	case err != nil:
		return nil, "", err
	case !found:
		return nil, fmt.Sprintf("BackupStorage %s is gone, so the data in its backend can't be erased and stays.", key), nil
	// A Repository that was deleted before its storage was is erased as its own policy asks.
	case !storage.DeletionTimestamp.IsZero() && !repo.DeletionTimestamp.Before(storage.DeletionTimestamp):
		return nil, "", nil
	}
	others, err := store.Repositories(ctx, r.Client, key)
	if err != nil {
		return nil, "", err
	}
	for i := range others {
		o := &others[i]
		if o.UID != repo.UID && repository.CleanPath(o.Spec.Path) == repository.CleanPath(repo.Spec.Path) {
			return nil, fmt.Sprintf("Repository %s/%s keeps its backups in the same directory, so the data stays.", o.Namespace, o.Name), nil
		}
	}
	return storage, "", nil
}

func (r *Reconciler) wipe(ctx context.Context, repo *storagev1alpha1.Repository, storage *storagev1alpha1.BackupStorage) error {
	b, err := r.Backends(storage.Spec.Storage.Provider)
	if err != nil {
		return r.stuck(ctx, repo, err.Error())
	}
	if b.IsVolume() {
		return r.wipeVolume(ctx, repo, storage)
	}
	ctx, cancel := context.WithTimeout(ctx, eraseTimeout)
	defer cancel()
	objects, err := store.Open(ctx, r.Live, r.Backends, storage)
	if err == nil {
		defer func() { _ = objects.Close() }()
		err = store.Erase(ctx, objects, repository.OwnedPrefixes(repo.Spec.Path), repository.RepositoryKey(repo.Spec.Path))
	}
	message, known := explain(err)
	switch {
	case !known:
		return err
	case message != "":
		return r.stuck(ctx, repo, message)
	}
	return nil
}

// wipeVolume erases by a Job in the storage's namespace, where its volume can be mounted.
func (r *Reconciler) wipeVolume(ctx context.Context, repo *storagev1alpha1.Repository, storage *storagev1alpha1.BackupStorage) error {
	labels, err := kube.NamespaceLabels(ctx, r.Live, storage.Namespace)
	if err != nil {
		return err
	}
	in := desired.StorageJob{
		Storage: storage, Image: r.MoverImage, NamespaceLabels: labels,
		// The UID keeps a Repository of the same name that was there before apart: its Job says nothing of this one.
		Name: naming.Disambiguate(naming.CleanupJob(repo.Name), string(repo.UID)),
	}
	outcome, err := store.ReadOutcome(ctx, r.Client, r.Live, storage.Namespace, in.Name)
	switch {
	case err != nil:
		return err
	case outcome.Ended && outcome.Failure == nil:
		return nil
	case outcome.Ended:
		// The Job goes away after a while, and is then made again.
		message, _ := explain(outcome.Failure)
		return r.stuck(ctx, repo, message)
	}
	paths := append(repository.OwnedPrefixes(repo.Spec.Path), repository.RepositoryKey(repo.Spec.Path))
	err = store.EnsureJob(ctx, r.Client, r.Live, desired.WipeJob(in), func(job *batchv1.Job) (*corev1.Secret, error) {
		return desired.TaskSecret(job, desired.WipeTask(in, paths))
	})
	switch {
	case store.IsForeign(err):
		return r.stuck(ctx, repo, err.Error())
	case err != nil:
		return err
	}
	return kube.Wait(removalInterval, "the cleanup Job is at work")
}

// stuck tells why the data can't be erased, and how to go on without.
func (r *Reconciler) stuck(ctx context.Context, repo *storagev1alpha1.Repository, why string) error {
	message := fmt.Sprintf("The backup data can't be erased. %s %s", why, waysOut)
	next := repo.Status.DeepCopy()
	repository.SetFailed(next, repo.Generation, message, metav1.NewTime(r.Clock.Now()))
	r.tell(ctx, repo, next.Conditions)
	repo.Status = *next
	return kube.Stall(message, nil)
}
