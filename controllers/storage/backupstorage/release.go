// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupstorage

import (
	"context"
	"errors"

	"sigs.k8s.io/controller-runtime/pkg/log"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/storage"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/kube"
)

var (
	// errLetGo says that a storage goes although its data could not be erased.
	errLetGo = errors.New("the data stays")
	// errRefused is the cause of a failure that can't be mended in a namespace that is being deleted.
	errRefused = errors.New("nothing can be made or read here any more")
)

// letGo says errLetGo where a namespace that is being deleted would wait for ever, and nil where the storage is to wait.
func (r *Reconciler) letGo(ctx context.Context, s *storagev1alpha1.BackupStorage, why *engine.Error) (bool, error) {
	deleted, err := kube.NamespaceDeletion(ctx, r.Live, s.Namespace)
	if err != nil || !repository.LetGo(deleted, r.Clock.Now(), errors.Is(why, errRefused)) {
		return false, err
	}
	message := "The namespace is being deleted and the backup data can't be erased, so it stays in the backend. " + storage.Explain(why, "")
	log.FromContext(ctx).Info("Letting a BackupStorage go without erasing its data", "reason", message)
	kube.Announce(ctx, func() { r.Recorder.Warning(s, eventKept, message) })
	return true, errLetGo
}
