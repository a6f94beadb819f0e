// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restore

import (
	"time"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
)

// Facts is all that a decision about one RestoreSession rests on.
type Facts struct {
	Session corev1alpha1.RestoreSession
	// Invalid tells why the session can never run as it is written; empty when it can.
	Invalid []string
	// Missing tells what is not there, the most important first. A restore waits a little for what may pass.
	Missing []Problem
	// Busy tells who reads or writes the target now, the most important first. The restore waits for them.
	Busy []string
	// Notes are told when the restore starts: nothing is wrong, and somebody may wonder later.
	Notes []string
	// Paused are the BackupConfigurations whose runs are skipped while the restore writes.
	Paused []metav1alpha1.TypedObjectReference
	// TargetFound is nil for a restore without a target.
	TargetFound *bool
	// Dependencies are what the restore needs, with whether it was found.
	Dependencies []corev1alpha1.ResourceFoundStatus
	// Snapshot is the resolved Snapshot's name, for messages.
	Snapshot string
	// Components are what is to be restored.
	Components []string
	// Jobs are by component.
	Jobs map[string]Job
	// Hooks run before and after.
	Hooks hook.Hooks
}

// Problem is something that keeps a restore from starting.
type Problem struct {
	Message string
	// MayPass is true for what often mends itself in seconds.
	MayPass bool
}

// Job is what is known of one component's Job.
type Job struct {
	Name   string
	Exists bool
	Ended  bool
	// Reported is true when a pod has left a Report; Succeeded and Error are its word.
	Reported  bool
	Succeeded bool
	Error     string
	// Restored says what was written, for an event.
	Restored string
	Duration time.Duration
	Progress *corev1alpha1.RestoreProgress
	// Failure tells why the Job ended without a Report.
	Failure string
	// Working is true while a pod runs; Waiting tells why it doesn't.
	Working bool
	Waiting string
	Since   time.Time
	// Overdue is when a pod of the Job that was told to end should have ended at the latest, and Node is where it is;
	// zero when none was told so.
	Overdue time.Time
	Node    string
}

// Verdict is a decision. Status and Events hold once every intent was carried out, in order.
type Verdict struct {
	Status  corev1alpha1.RestoreSessionStatus
	Intents []Intent
	Events  []Event
	WakeUp  time.Duration
}

// Event tells users of a transition of the RestoreSession.
type Event struct {
	Warning         bool
	Reason, Message string
}

// Reasons of events that are no condition's.
const (
	EventRestoreStarted   = "RestoreStarted"
	EventRestoreSucceeded = "RestoreSucceeded"
	EventRestoreFailed    = "RestoreFailed"
	EventRestoreInvalid   = "RestoreInvalid"
	EventComponentDone    = "ComponentRestored"
	EventComponentFailed  = "ComponentFailed"
	EventPodPending       = "PodPending"
	EventNote             = "RestoreNote"
)

// Intent is one of the few things that a restore does to the world.
type Intent interface{ intent() }

// CreateJobs makes the claims that are restored into, the session's Secret and a Job per component.
type CreateJobs struct{ Components []string }

// StopJobs deletes Jobs with their pods.
type StopJobs struct{ Names []string }

// DropSecret deletes the session's Secret.
type DropSecret struct{}

func (CreateJobs) intent() {}
func (StopJobs) intent()   {}
func (DropSecret) intent() {}
