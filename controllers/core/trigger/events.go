// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package trigger

import (
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
)

// EventBackupTriggered is the reason of the event, on the invoker, of a slot that started a run.
const EventBackupTriggered = "BackupTriggered"

// EventSlotsMissed is the reason of the event of a run that stands for slots that were missed.
const EventSlotsMissed = "SlotsMissed"

func (r *Reconciler) tell(on client.Object, run *corev1alpha1.BackupSession, missed int) {
	r.Recorder.Normal(on, EventBackupTriggered, "Started BackupSession "+run.Name+".")
	if missed > 0 {
		r.Recorder.Warning(on, EventSlotsMissed,
			fmt.Sprintf("%d earlier slots of session %s were missed; BackupSession %s stands for them.", missed, run.Spec.Session, run.Name))
	}
}
