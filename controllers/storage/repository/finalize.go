// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store"
)

// removalInterval is how long Snapshots and Jobs are given before they are looked at again.
const removalInterval = 2 * time.Second

// workersInterval is how often a deletion that waits for somebody looks again.
const workersInterval = 5 * time.Second

// eraseTimeout bounds one pass of erasing. What was erased stays so; the next pass goes on.
const eraseTimeout = 5 * time.Minute

const waysOut = "Mend that; or set spec.deletionPolicy to Delete, to let the Repository go and keep its data."

// finalize removes the Snapshots from the cluster and, with the policy WipeOut, then the data from the backend. The
// policy is read in each pass, so that a user can still change it. Data is erased only once nobody works on it.
func (r *Reconciler) finalize(ctx context.Context, repo *storagev1alpha1.Repository) error {
	snapshots, err := store.Snapshots(ctx, r.Client, client.ObjectKeyFromObject(repo))
	if err != nil {
		return err
	}
	wipes, err := r.wipes(ctx, repo)
	if err != nil {
		return err
	}
	if wipes {
		if err := r.awaitWorkers(ctx, repo, snapshots); err != nil {
			return err
		}
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
	erased, err := r.wipe(ctx, repo, storage)
	if err == nil && erased {
		kube.Announce(ctx, func() { r.Recorder.Normal(repo, eventWiped, "The backup data was erased from the backend.") })
	}
	return err
}

// wipes says whether the data is to be erased with the Repository, by its own policy or by that of its storage.
func (r *Reconciler) wipes(ctx context.Context, repo *storagev1alpha1.Repository) (bool, error) {
	if repo.Spec.DeletionPolicy == storagev1alpha1.DeletionPolicyWipeOut {
		return true, nil
	}
	key := store.Key(repo)
	storage, found, err := kube.Get[storagev1alpha1.BackupStorage](ctx, r.Client, key.Namespace, key.Name)
	return err == nil && found && !storage.DeletionTimestamp.IsZero() &&
		storage.Spec.DeletionPolicy == storagev1alpha1.DeletionPolicyWipeOut, err
}

// awaitWorkers waits until nobody works on the data: a pod that writes on would leave what nobody knows of. Backups and
// restores are waited for, as the condition tells; a maintenance is stopped.
func (r *Reconciler) awaitWorkers(ctx context.Context, repo *storagev1alpha1.Repository, snapshots []storagev1alpha1.Snapshot) error {
	busy, err := r.workers(ctx, r.Client, repo, snapshots)
	if err != nil {
		return err
	}
	next := repo.Status.DeepCopy()
	defer func() { repo.Status = *next }()
	if len(busy) > 0 {
		message := fmt.Sprintf("The backup data is erased once nobody works on it any more: %s. "+
			"Wait for it, or delete it; or set spec.deletionPolicy to Delete, to let the Repository go and keep its data.", strings.Join(busy, ", "))
		changed := metav1alpha1.SetCondition(&next.Conditions, metav1alpha1.Condition{
			Type: storagev1alpha1.ConditionCleanupPending, Status: metav1.ConditionTrue, ObservedGeneration: repo.Generation,
			Reason: storagev1alpha1.ReasonRepositoryInUse, Message: message,
		}, metav1.NewTime(r.Clock.Now()))
		if changed {
			kube.Announce(ctx, func() { r.Recorder.Normal(repo, storagev1alpha1.ReasonRepositoryInUse, message) })
		}
		return kube.Wait(workersInterval, "somebody works on the data")
	}
	metav1alpha1.RemoveCondition(&next.Conditions, storagev1alpha1.ConditionCleanupPending)
	return r.stopMaintenance(ctx, repo)
}

// stopMaintenance deletes a maintenance Job that has not ended, and waits for its pod.
func (r *Reconciler) stopMaintenance(ctx context.Context, repo *storagev1alpha1.Repository) error {
	job, err := store.MaintenanceJob(ctx, r.Client, repo)
	if err != nil {
		return err
	}
	if job != nil && !store.HasEnded(job) {
		if job.DeletionTimestamp.IsZero() {
			err = kube.Delete(ctx, r.Client, job)
		}
		return errors.Join(err, kube.Wait(removalInterval, "the maintenance Job is being stopped"))
	}
	pods, err := r.livePods(ctx, repo.Namespace)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		if pod.Labels[metav1alpha1.LabelComponent] == metav1alpha1.JobComponentMaintenance &&
			pod.Labels[metav1alpha1.LabelRepoName] == naming.LabelValue(repo.Name) {
			return kube.Wait(removalInterval, "the maintenance pod is being stopped")
		}
	}
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
	shared, err := r.sharedBy(ctx, repo, storage)
	return storage, shared, err
}

// sharedBy tells who else keeps data where this Repository's is erased: on this storage, or on another one that is the
// same place.
func (r *Reconciler) sharedBy(ctx context.Context, repo *storagev1alpha1.Repository, storage *storagev1alpha1.BackupStorage) (string, error) {
	var storages storagev1alpha1.BackupStorageList
	if err := r.Client.List(ctx, &storages); err != nil {
		return "", fmt.Errorf("listing BackupStorages: %w", err)
	}
	place := repository.Place(storage, repo.Spec.Path)
	for i := range storages.Items {
		others, err := store.Repositories(ctx, r.Client, client.ObjectKeyFromObject(&storages.Items[i]))
		if err != nil {
			return "", err
		}
		for j := range others {
			o := &others[j]
			if o.UID != repo.UID && repository.Overlap(repository.Place(&storages.Items[i], o.Spec.Path), place) {
				return fmt.Sprintf("Repository %s/%s keeps its backups in the same directory, so the data stays.", o.Namespace, o.Name), nil
			}
		}
	}
	return "", nil
}

// wipe reports whether the data was erased. It wasn't, without an error, where the Repository is let go without.
func (r *Reconciler) wipe(ctx context.Context, repo *storagev1alpha1.Repository, storage *storagev1alpha1.BackupStorage) (bool, error) {
	b, err := r.Backends(storage.Spec.Storage.Provider)
	if err != nil {
		return false, r.stuck(ctx, repo, err.Error(), false)
	}
	if b.IsVolume() {
		return r.wipeVolume(ctx, repo, storage)
	}
	within, cancel := context.WithTimeout(ctx, eraseTimeout)
	defer cancel()
	objects, err := store.Open(within, r.Live, r.Backends, storage)
	if err == nil {
		defer func() { _ = objects.Close() }()
		err = store.Erase(within, objects, repository.OwnedPrefixes(repo.Spec.Path), repository.RepositoryKey(repo.Spec.Path))
	}
	var secret *store.SecretError
	message, known := explain(err)
	switch {
	case !known:
		return false, err
	case message != "":
		return false, r.stuck(ctx, repo, message, errors.As(err, &secret))
	}
	return true, nil
}

// wipeVolume erases by a Job in the storage's namespace, where its volume can be mounted.
func (r *Reconciler) wipeVolume(ctx context.Context, repo *storagev1alpha1.Repository, storage *storagev1alpha1.BackupStorage) (bool, error) {
	labels, err := kube.NamespaceLabels(ctx, r.Live, storage.Namespace)
	if err != nil {
		return false, err
	}
	in := desired.StorageJob{
		Storage: storage, Mover: r.Mover, NamespaceLabels: labels,
		// The UID keeps a Repository of the same name that was there before apart: its Job says nothing of this one.
		Name: naming.Disambiguate(naming.CleanupJob(repo.Name), string(repo.UID)),
	}
	outcome, err := store.ReadOutcome(ctx, r.Client, r.Live, storage.Namespace, in.Name)
	switch {
	case err != nil:
		return false, err
	case outcome.Ended && outcome.Failure == nil:
		return true, nil
	case outcome.Ended:
		// The Job goes away after a while, and is then made again.
		message, _ := explain(outcome.Failure)
		return false, r.stuck(ctx, repo, message, false)
	}
	paths := append(repository.OwnedPrefixes(repo.Spec.Path), repository.RepositoryKey(repo.Spec.Path))
	err = store.EnsureJob(ctx, r.Client, r.Live, desired.WipeJob(in), func(job *batchv1.Job) (*corev1.Secret, error) {
		return desired.TaskSecret(job, desired.WipeTask(in, paths))
	})
	switch {
	case kube.IsRefused(err):
		// Among others, where the storage's namespace is being deleted.
		return false, r.stuck(ctx, repo, err.Error(), !store.IsForeign(err))
	case err != nil:
		return false, err
	}
	return false, kube.Wait(removalInterval, "the cleanup Job is at work")
}

// stuck tells why the data can't be erased, and how to go on without. In a namespace that is being deleted the Repository
// goes without, for good or after a while: else the namespace would stay for ever.
func (r *Reconciler) stuck(ctx context.Context, repo *storagev1alpha1.Repository, why string, forGood bool) error {
	deleted, err := kube.NamespaceDeletion(ctx, r.Live, repo.Namespace)
	if err != nil {
		return err
	}
	if repository.LetGo(deleted, r.Clock.Now(), forGood) {
		message := "The namespace is being deleted and the backup data can't be erased, so it stays in the backend. " + why
		log.FromContext(ctx).Info("Letting a Repository go without erasing its data", "reason", why)
		kube.Announce(ctx, func() { r.Recorder.Warning(repo, eventKept, message) })
		return nil
	}
	message := fmt.Sprintf("The backup data can't be erased. %s %s", why, waysOut)
	next := repo.Status.DeepCopy()
	repository.SetFailed(next, repo.Generation, message, metav1.NewTime(r.Clock.Now()))
	r.tell(ctx, repo, next.Conditions)
	repo.Status = *next
	return kube.Stall(message, nil)
}
