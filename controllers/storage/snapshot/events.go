// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package snapshot

import storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"

// Reasons of events.
const (
	// eventWaiting tells that a deletion waits for the next backup.
	eventWaiting = "SnapshotCleanupPending"
	// eventStuck tells that a deletion can't go on.
	eventStuck = "SnapshotCleanupFailed"
)

// tell says each thing once.
func (r *Reconciler) tell(s *storagev1alpha1.Snapshot, failure bool, message string) {
	if old, _ := r.told.Swap(s.UID, message); old == message {
		return
	}
	if failure {
		r.Recorder.Warning(s, eventStuck, message)
		return
	}
	r.Recorder.Normal(s, eventWaiting, message)
}
