// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package configuration

import (
	"fmt"
	"time"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/size"
)

// SlotFacts is what is known when a CronJob has made the Job of a slot.
type SlotFacts struct {
	// Scheduled is the slot's time; zero when the Job doesn't tell.
	Scheduled time.Time
	// Created is when the Job was made.
	Created time.Time
	// Kind is that of the invoker, and Invoker is nil when it is gone.
	Kind    string
	Invoker *invoker.Invoker
	// Session is the name of the session that the slot is for.
	Session string
	// Open are the times of the other slots of this session that nobody has answered yet. There are some when the operator
	// was away.
	Open []time.Time
	// Now is when this is decided.
	Now time.Time
}

// SlotVerdict says what a slot leads to. The Job is completed in any case.
type SlotVerdict struct {
	// Session is to be run; nil when nothing is.
	Session *corev1alpha1.SessionConfig
	// At is the time of the run.
	At time.Time
	// Skipped says why nothing is run.
	Skipped string
	// Missed is true when that is because the operator was away.
	Missed bool
}

// Slot decides what the Job of a slot leads to. What a run lacks is not looked at here: the BackupSession tells
// users about that, and a slot that silently did nothing would not. Of several slots that were missed, the last one is
// run, for all of them: there is one catch-up.
func Slot(f SlotFacts) SlotVerdict {
	of := f.Invoker
	switch {
	case of == nil:
		return SlotVerdict{Skipped: "the " + f.Kind + " is gone"}
	case of.Deleting:
		return SlotVerdict{Skipped: "the " + of.Kind + " is being deleted"}
	case of.Paused:
		return SlotVerdict{Skipped: "the " + of.Kind + " is paused"}
	case of.Seen.Phase == corev1alpha1.BackupConfigurationPhaseInvalid:
		return SlotVerdict{Skipped: "the " + of.Kind + " is invalid"}
	}
	at := SlotTime(f.Scheduled, f.Created)
	for _, other := range f.Open {
		if other.After(at) {
			return SlotVerdict{Missed: true, Skipped: "it was missed, and the slot of " + other.UTC().Format(time.RFC3339) + " is run instead"}
		}
	}
	if session := of.Session(f.Session); session != nil {
		if late := f.Now.Sub(at); session.Scheduler != nil && session.Scheduler.StartingDeadlineSeconds != nil &&
			late > time.Duration(*session.Scheduler.StartingDeadlineSeconds)*time.Second {
			return SlotVerdict{Missed: true, Skipped: fmt.Sprintf("it was missed by %s, which is more than startingDeadlineSeconds allows", size.Duration(late))}
		}
		return SlotVerdict{Session: session.SessionConfig, At: at}
	}
	return SlotVerdict{Skipped: fmt.Sprintf("the %s has no session %q any more", of.Kind, f.Session)}
}

// SlotTime is the time of a slot. A Job that somebody made of the CronJob by hand has none but its creation.
func SlotTime(scheduled, created time.Time) time.Time {
	if scheduled.IsZero() {
		return created
	}
	return scheduled
}
