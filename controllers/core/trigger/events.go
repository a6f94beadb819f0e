// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package trigger

import (
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/domain/configuration"
)

// EventBackupTriggered is the reason of the event, on the invoker, of a slot that started a run.
const EventBackupTriggered = "BackupTriggered"

// EventSlotMissed is the reason of the event of a slot that came while the operator was away, and that no run of its own
// makes up for.
const EventSlotMissed = "SlotMissed"

func (r *Reconciler) tell(on client.Object, run *corev1alpha1.BackupSession) {
	r.Recorder.Normal(on, EventBackupTriggered, "Started BackupSession "+run.Name+".")
}

func (r *Reconciler) tellMissed(on client.Object, facts configuration.SlotFacts, why string) {
	r.Recorder.Warning(on, EventSlotMissed, fmt.Sprintf("The slot of %s of session %s: %s.",
		configuration.SlotTime(facts.Scheduled, facts.Created).UTC().Format(time.RFC3339), facts.Session, why))
}
