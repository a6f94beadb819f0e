// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupstorage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/storage"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store"
)

// removalInterval is how long the Repositories and Jobs of a storage are given before they are looked at again.
const removalInterval = 2 * time.Second

// eraseTimeout bounds one pass of erasing. What was erased stays so; the next pass goes on.
const eraseTimeout = 5 * time.Minute

// What a user reads of a deletion.
const (
	beingDeleted = "The BackupStorage is being deleted."
	waysOut      = "Mend that; or set spec.deletionPolicy to Delete, to let the BackupStorage go and keep its data."
)

// finalize removes the Repositories from the cluster and, with the policy WipeOut, then the data from the backend: those that the
// status can list, then the next. The policy is read in each pass, so that a user can still change it. A BackupConfiguration
// that refers to the storage doesn't block: its owner may be gone, and it will say itself what it lacks.
func (r *Reconciler) finalize(ctx context.Context, s *storagev1alpha1.BackupStorage) error {
	if err := r.announceDeletion(ctx, s); err != nil {
		return err
	}
	repositories, err := store.Repositories(ctx, r.Client, client.ObjectKeyFromObject(s))
	if err != nil {
		return err
	}
	// Once a Repository is gone from the cluster, the list in status is what is known of where it lay.
	if storage.Remember(&s.Status, infos(repositories, s.Status)) {
		return kube.Wait(0, "the list of Repositories is to be written first")
	}
	if isWaiting, err := r.removeListed(ctx, s, repositories); err != nil {
		return err
	} else if isWaiting {
		return kube.Wait(removalInterval, "Repositories are being removed")
	}
	isLast := len(repositories) == 0
	if s.Spec.DeletionPolicy == storagev1alpha1.DeletionPolicyWipeOut {
		if err := r.wipe(ctx, s, isLast); err != nil && !errors.Is(err, errLetGo) {
			return err
		} else if err == nil && isLast {
			kube.Announce(ctx, func() { r.Recorder.Normal(s, eventWiped, "The backup data was erased from the backend.") })
		}
	}
	if !isLast {
		s.Status.Repositories = nil
		storage.Remember(&s.Status, infos(repositories, s.Status))
		return kube.Wait(0, "the next Repositories are to be removed")
	}
	r.looks.forget(s.UID)
	return nil
}

// removeListed removes the Repositories that the status lists, and reports whether any of them is still there.
func (r *Reconciler) removeListed(ctx context.Context, s *storagev1alpha1.BackupStorage, repositories []storagev1alpha1.Repository) (bool, error) {
	isListed, isWaiting := storage.Lists(s.Status), false
	for i := range repositories {
		repo := &repositories[i]
		if !isListed(entryOf(repo)) {
			continue
		}
		isWaiting = true
		if deleted(repo) {
			continue
		}
		if err := kube.Delete(ctx, r.Client, repo); err != nil {
			return true, err
		}
	}
	return isWaiting, nil
}

// announceDeletion makes the storage NotReady, once, and names those who lose it.
func (r *Reconciler) announceDeletion(ctx context.Context, s *storagev1alpha1.BackupStorage) error {
	if s.Status.Phase == storagev1alpha1.BackupStoragePhaseNotReady && isDeleting(s) {
		return nil
	}
	var all corev1alpha1.BackupConfigurationList
	if err := r.Client.List(ctx, &all); err != nil {
		return fmt.Errorf("listing backup configurations: %w", err)
	}
	if users := usersOf(s, all.Items); len(users) > 0 {
		r.tellInUse(ctx, s, users)
	}
	// No event: whoever deletes a storage knows that it goes.
	storage.SetFailed(&s.Status, s.Generation, beingDeleted, metav1.NewTime(r.Clock.Now()))
	return nil
}

// isDeleting recognises the condition that the first pass has set, or a later failure: both are of the generation
// that deletion has made.
func isDeleting(s *storagev1alpha1.BackupStorage) bool {
	for _, c := range s.Status.Conditions {
		if c.Type == storagev1alpha1.ConditionBackendInitialized {
			return c.Status == metav1.ConditionFalse && c.ObservedGeneration == s.Generation
		}
	}
	return false
}

func usersOf(s *storagev1alpha1.BackupStorage, all []corev1alpha1.BackupConfiguration) []string {
	var users []string
	for i := range all {
		bc := &all[i]
		uses := func(b corev1alpha1.BackendReference) bool {
			if b.StorageRef == nil || b.StorageRef.Name != s.Name {
				return false
			}
			return b.StorageRef.Namespace == s.Namespace || b.StorageRef.Namespace == "" && bc.Namespace == s.Namespace
		}
		if !deleted(bc) && slices.ContainsFunc(bc.Spec.Backends, uses) {
			users = append(users, bc.Namespace+"/"+bc.Name)
		}
	}
	slices.Sort(users)
	return users
}

// wipe erases what the status lists and, at last, what is known otherwise.
func (r *Reconciler) wipe(ctx context.Context, s *storagev1alpha1.BackupStorage, isLast bool) error {
	b, err := r.Backends(s.Spec.Storage.Provider)
	if err != nil {
		return r.stuck(ctx, s, &engine.Error{Class: engine.ClassUnknown, Message: err.Error()}, "")
	}
	if b.IsVolume() {
		return r.wipeVolume(ctx, s, isLast)
	}
	return r.wipeNetwork(ctx, s, isLast)
}

// wipeNetwork erases what the status and the document list, and the document last: an erasure that is interrupted
// finds the rest again by it. What else is in the bucket is not ours.
func (r *Reconciler) wipeNetwork(ctx context.Context, s *storagev1alpha1.BackupStorage, isLast bool) error {
	ctx, cancel := context.WithTimeout(ctx, eraseTimeout)
	defer cancel()
	secretName, err := store.SecretName(r.Backends, s)
	if err != nil {
		return err
	}
	objects, err := store.Open(ctx, r.Live, r.Backends, s)
	var secret *store.SecretError
	switch {
	case errors.As(err, &secret):
		return r.stuck(ctx, s, &engine.Error{Class: engine.ClassDenied, Message: secret.Error(), Cause: errRefused}, secretName)
	case err != nil && !isKnown(err):
		return err
	case err != nil:
		return r.stuck(ctx, s, failure(err), secretName)
	}
	defer func() { _ = objects.Close() }()
	if err := eraseListed(ctx, objects, s.Status.Repositories, isLast); err != nil {
		return r.stuck(ctx, s, failure(err), secretName)
	}
	return nil
}

func eraseListed(ctx context.Context, objects backend.Objects, entries []storagev1alpha1.RepositoryInfo, isLast bool) error {
	if isLast {
		metadata, err := readMetadata(ctx, objects)
		if err != nil {
			return err
		}
		if metadata != nil {
			entries = slices.Concat(entries, metadata.Repositories)
		}
	}
	for _, entry := range entries {
		if err := store.Erase(ctx, objects, repository.OwnedPrefixes(entry.Path), repository.RepositoryKey(entry.Path)); err != nil {
			return err
		}
	}
	if !isLast {
		return nil
	}
	return objects.Delete(ctx, repository.MetadataKey())
}

// wipeVolume erases by a Job. An init Job that still runs could write the document again.
func (r *Reconciler) wipeVolume(ctx context.Context, s *storagev1alpha1.BackupStorage, isLast bool) error {
	if job, err := r.initJob(ctx, s); err != nil {
		return err
	} else if job.Exists {
		if err := r.removeInit(ctx, s); err != nil {
			return err
		}
		return kube.Wait(removalInterval, "the init Job is being removed")
	}
	var paths []string
	for _, entry := range s.Status.Repositories {
		paths = append(paths, append(repository.OwnedPrefixes(entry.Path), repository.RepositoryKey(entry.Path))...)
	}
	name := naming.CleanupJob(s.Name)
	if isLast {
		paths = append(paths, repository.MetadataKey())
	} else {
		// A Job's end tells of what it was made for only.
		name = naming.Disambiguate(name, strings.Join(paths, "\n"))
	}
	in, err := r.job(ctx, s, name)
	if err != nil {
		return err
	}
	outcome, err := store.ReadOutcome(ctx, r.Client, r.Live, s.Namespace, in.Name)
	switch {
	case err != nil:
		return err
	case outcome.Ended && outcome.Failure == nil:
		return nil
	case outcome.Ended:
		// The Job goes away after a while, and is then made again.
		return r.stuck(ctx, s, outcome.Failure, "")
	}
	err = store.EnsureJob(ctx, r.Client, r.Live, desired.WipeJob(in), func(job *batchv1.Job) (*corev1.Secret, error) {
		return desired.TaskSecret(job, desired.WipeTask(in, paths))
	})
	switch {
	case kube.IsRefused(err):
		// Among others, where the namespace is being deleted: then nothing can be made there.
		return r.stuck(ctx, s, &engine.Error{Class: engine.ClassUnknown, Message: err.Error(), Cause: errRefused}, "")
	case err != nil:
		return err
	}
	return kube.Wait(removalInterval, "the cleanup Job is at work")
}

// stuck tells why the data can't be erased, and how to go on without. In a namespace that is being deleted the storage
// goes without, for good or after a while: else the namespace would stay for ever.
func (r *Reconciler) stuck(ctx context.Context, s *storagev1alpha1.BackupStorage, why *engine.Error, secret string) error {
	if gone, err := r.letGo(ctx, s, why); err != nil || gone {
		return err
	}
	message := fmt.Sprintf("The backup data can't be erased. %s %s", storage.Explain(why, secret), waysOut)
	r.fail(ctx, s, message)
	return kube.Stall(message, why)
}

func (r *Reconciler) fail(ctx context.Context, s *storagev1alpha1.BackupStorage, message string) {
	next := s.Status.DeepCopy()
	storage.SetFailed(next, s.Generation, message, metav1.NewTime(r.Clock.Now()))
	r.tell(ctx, s, next.Conditions)
	s.Status = *next
}
