// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package maintenance

import (
	"time"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
)

// Facts is all that a decision about one Repository rests on. It holds copies, never what a cache owns.
type Facts struct {
	// Key is "namespace/name": who the schedules are for.
	Key      string
	Settings Settings
	// Next is the name of the Job that is made next.
	Next string
	// Status and Conditions are the Repository's; Status is nil when nothing was planned yet.
	Status     *storagev1alpha1.MaintenanceStatus
	Conditions []metav1alpha1.Condition
	Generation int64
	// Integrity is what is known of the Repository's data; nil when nothing is.
	Integrity *bool
	// Request is the value of the annotation by which a user asks for maintenance now.
	Request string
	// Paths are the restic repositories, relative to the Repository's path.
	Paths []string
	// Obstacle says why nothing can be done here at all; empty when something can.
	Obstacle string
	// Busy names who works on the Repository. It is asked for once a first decision wants to start something.
	Busy []string
	// Job is the newest maintenance Job that there is.
	Job Job
}

// Job is what is known of a maintenance Job.
type Job struct {
	Exists    bool
	Name, UID string
	// Ended is true once the Job won't start another pod and its last one has ended.
	Ended bool
	// Started is when it was made.
	Started time.Time
	// Results are by restic repository; nil when no pod has left a Report.
	Results []Result
	// Failure tells why the Job ended without a Report, or why nothing was done.
	Failure string
	// Waiting tells why its pod has not started, and Since when it was made.
	Waiting string
	Since   time.Time
	// Prune and Check are what it was told to do, and Subset what it reads of the data.
	Prune, Check bool
	Subset       string
	// Request is the value of the annotation that was there when it was made.
	Request string
}

// Result is what a Report says of one restic repository.
type Result struct {
	Path string
	// Integrity is nil when it could not be checked, or should not.
	Integrity *bool
	Pruned    bool
	// FreedBytes is what pruning freed; nil when that is not known.
	FreedBytes *int64
	// Class and Message tell of a failure.
	Class   engine.Class
	Message string
	// LocksRemoved tells whose stale locks were removed.
	LocksRemoved []string
}

// Verdict is a decision. Status, Conditions and Events hold once every intent was carried out, in order.
type Verdict struct {
	Status     storagev1alpha1.MaintenanceStatus
	Conditions []metav1alpha1.Condition
	Intents    []Intent
	Events     []Event
	// WakeUp is when to look again although nothing changed; zero means never.
	WakeUp time.Duration
}

// Event tells users what happened to the Repository.
type Event struct {
	Warning         bool
	Reason, Message string
}

// Reasons of events that are no condition's.
const (
	EventMaintenanceStarted = "MaintenanceStarted"
	EventMaintenanceWaits   = "MaintenanceWaits"
	EventStaleLockRemoved   = "StaleLockRemoved"
)

// Intent is one of the few things that maintenance does to the world.
type Intent interface{ intent() }

// Start makes the Job. It may find the storage crowded; then the verdict of Crowded holds instead.
type Start struct {
	Prune, Check bool
	// Subset is what the check reads of the data, in restic's words; empty means nothing.
	Subset string
}

// DropSecret deletes what the Job was told.
type DropSecret struct{}

func (Start) intent()      {}
func (DropSecret) intent() {}
