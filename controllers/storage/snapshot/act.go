// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package snapshot

import (
	"context"
	"errors"
	"time"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/repository"
	rule "kubestash.com/kubestash/internal/domain/snapshot"
	storagerule "kubestash.com/kubestash/internal/domain/storage"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store"
)

const (
	// eraseTimeout bounds the removal of one document.
	eraseTimeout = 30 * time.Second
	// forgetInterval is how often a Snapshot is looked at whose data the next backup will forget. That backup wakes
	// us by the annotation; this is for what could be missed.
	forgetInterval = 10 * time.Minute
)

// finalize removes a Snapshot's document with the policy WipeOut. Its restic snapshots are forgotten by a backup pod,
// which has the password and the repository open: the one that retention used, or the next one.
func (r *Reconciler) finalize(ctx context.Context, s *storagev1alpha1.Snapshot) error {
	if s.Spec.Paused {
		return kube.Wait(forgetInterval, "the Snapshot is paused")
	}
	if s.Spec.DeletionPolicy != storagev1alpha1.DeletionPolicyWipeOut {
		return nil
	}
	at, rules, err := r.gather(ctx, s)
	if err != nil || !rules {
		return err
	}
	if holdsData(s) && !rule.Forgotten(s) {
		r.tell(s, false, "The data of this Snapshot is erased by the next backup of its session, and the Snapshot goes then. "+
			"Set spec.deletionPolicy to Delete to let it go now and keep its data.")
		return kube.Wait(forgetInterval, "the next backup forgets the data")
	}
	if err := r.removeDocument(ctx, s, at); err != nil {
		return err
	}
	r.told.Delete(s.UID)
	return nil
}

// removeDocument removes the Snapshot's copy from a storage on the network. On a volume the pod that forgets the data
// removes it.
func (r *Reconciler) removeDocument(ctx context.Context, s *storagev1alpha1.Snapshot, at place) error {
	ctx, cancel := context.WithTimeout(ctx, eraseTimeout)
	defer cancel()
	b, err := r.Backends(at.storage.Spec.Storage.Provider)
	if err != nil {
		return r.stuck(s, err.Error())
	}
	if b.IsVolume() {
		return nil
	}
	objects, err := store.Open(ctx, r.Live, r.Backends, at.storage)
	if err == nil {
		defer func() { _ = objects.Close() }()
		err = objects.Delete(ctx, repository.SnapshotKey(at.repository.Spec.Path, s.Name))
	}
	var secret *store.SecretError
	var known *engine.Error
	switch {
	case errors.As(err, &secret):
		return r.stuck(s, secret.Error())
	case errors.As(err, &known):
		return r.stuck(s, storagerule.Explain(known, ""))
	default:
		return err
	}
}

func (r *Reconciler) stuck(s *storagev1alpha1.Snapshot, why string) error {
	message := "The copy of this Snapshot in the backend can't be removed. " + why +
		" Mend that; or set spec.deletionPolicy to Delete, to let the Snapshot go and keep its copy."
	r.tell(s, true, message)
	return kube.Stall(message, nil)
}
