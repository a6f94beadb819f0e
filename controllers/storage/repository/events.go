// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"context"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/kube"
)

// Reasons of events that are no condition's.
const (
	// eventWiped tells that the data was erased.
	eventWiped = "BackupDataWipedOut"
	// eventKept tells that data stays although WipeOut was asked for.
	eventKept = "BackupDataKept"
)

// tell announces the conditions that are about to change in repo.
func (r *Reconciler) tell(ctx context.Context, repo *storagev1alpha1.Repository, next []metav1alpha1.Condition) {
	kube.AnnounceConditions(ctx, r.Recorder, repo, repo.Status.Conditions, next)
}
