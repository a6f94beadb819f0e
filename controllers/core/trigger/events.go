// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package trigger

import (
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
)

// EventBackupTriggered is the reason of the event, on the BackupConfiguration, of a slot that started a run.
const EventBackupTriggered = "BackupTriggered"

func (r *Reconciler) tell(bc *corev1alpha1.BackupConfiguration, run *corev1alpha1.BackupSession) {
	r.Recorder.Normal(bc, EventBackupTriggered, "Started BackupSession "+run.Name+".")
}
