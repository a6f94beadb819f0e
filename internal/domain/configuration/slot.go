// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package configuration

import (
	"fmt"
	"time"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
)

// SlotFacts is what is known when a CronJob has made the Job of a slot.
type SlotFacts struct {
	// Scheduled is the slot's time; zero when the Job doesn't tell.
	Scheduled time.Time
	// Created is when the Job was made.
	Created time.Time
	// Configuration is nil when it is gone.
	Configuration *corev1alpha1.BackupConfiguration
	// Session is the name of the session that the slot is for.
	Session string
}

// SlotVerdict says what a slot leads to. The Job is completed in any case.
type SlotVerdict struct {
	// Session is to be run; nil when nothing is.
	Session *corev1alpha1.Session
	// At is the time of the run.
	At time.Time
	// Skipped says why nothing is run.
	Skipped string
}

// Slot decides what the Job of a slot leads to. What a run lacks is not looked at here: the BackupSession tells
// users about that, and a slot that silently did nothing would not.
func Slot(f SlotFacts) SlotVerdict {
	bc := f.Configuration
	switch {
	case bc == nil:
		return SlotVerdict{Skipped: "the BackupConfiguration is gone"}
	case !bc.DeletionTimestamp.IsZero():
		return SlotVerdict{Skipped: "the BackupConfiguration is being deleted"}
	case bc.Spec.Paused:
		return SlotVerdict{Skipped: "the BackupConfiguration is paused"}
	case bc.Status.Phase == corev1alpha1.BackupConfigurationPhaseInvalid:
		return SlotVerdict{Skipped: "the BackupConfiguration is invalid"}
	}
	at := f.Scheduled
	if at.IsZero() {
		at = f.Created
	}
	for i := range bc.Spec.Sessions {
		session := &bc.Spec.Sessions[i]
		if session.Name == f.Session {
			return SlotVerdict{Session: session, At: at}
		}
	}
	return SlotVerdict{Skipped: fmt.Sprintf("the BackupConfiguration has no session %q any more", f.Session)}
}
