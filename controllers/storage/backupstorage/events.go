// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupstorage

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/kube"
)

// Reasons of events that are no condition's.
const (
	// eventInUse tells that BackupConfigurations lose the storage that they name.
	eventInUse = "BackupStorageInUse"
	// eventWiped tells that the data was erased.
	eventWiped = "BackupDataWipedOut"
	// eventKept tells that data stays although WipeOut was asked for.
	eventKept = "BackupDataKept"
)

// tell announces the conditions that are about to change in s.
func (r *Reconciler) tell(ctx context.Context, s *storagev1alpha1.BackupStorage, next []metav1alpha1.Condition) {
	next = slices.DeleteFunc(slices.Clone(next), func(c metav1alpha1.Condition) bool {
		// Progress is in the status. An event tells how it has ended.
		return c.Reason == storagev1alpha1.ReasonBackendSyncInProgress
	})
	kube.AnnounceConditions(ctx, r.Recorder, s, s.Status.Conditions, next)
}

func (r *Reconciler) tellInUse(ctx context.Context, s *storagev1alpha1.BackupStorage, users []string) {
	const named = 5
	total := len(users)
	text := strings.Join(users[:min(total, named)], ", ")
	if total > named {
		text = fmt.Sprintf("%s and %d more", text, total-named)
	}
	kube.Announce(ctx, func() {
		r.Recorder.Warning(s, eventInUse, fmt.Sprintf(
			"The BackupStorage is being deleted although BackupConfigurations name it: %s. They will not be ready, and back nothing up, until they name another.", text))
	})
}
