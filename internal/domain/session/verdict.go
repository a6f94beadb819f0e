// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"time"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// Verdict is a decision. Status and Events hold once every intent was carried out, in order.
type Verdict struct {
	Status  corev1alpha1.BackupSessionStatus
	Intents []Intent
	Events  []Event
	// WakeUp is when to look again although nothing changed; zero means never.
	WakeUp time.Duration
}

// Event tells users of a transition of the BackupSession.
type Event struct {
	Warning         bool
	Reason, Message string
}

// Reasons of events that are no condition's.
const (
	EventBackupStarted       = "BackupStarted"
	EventBackupSucceeded     = "BackupSucceeded"
	EventBackupFailed        = "BackupFailed"
	EventBackupSkipped       = "BackupSkipped"
	EventComponentSucceeded  = "ComponentSucceeded"
	EventComponentFailed     = "ComponentFailed"
	EventNote                = "BackupNote"
	EventFilesUnreadable     = "FilesUnreadable"
	EventStaleLockRemoved    = "StaleLockRemoved"
	EventRetentionApplied    = "RetentionPolicyApplied"
	EventRetentionNotApplied = "RetentionPolicyNotApplied"
)

// Intent is one of the few things that a session does to the world.
type Intent interface{ intent() }

// CreateSnapshot makes a Snapshot and writes its status. One that exists is adopted.
type CreateSnapshot struct {
	Name, Repository string
	Status           storagev1alpha1.SnapshotStatus
}

// CreateJobs makes a unit's Secret and the Jobs that are missing.
type CreateJobs struct {
	// Target names the unit.
	Target     string
	Components []string
	// Forget holds restic ids by Repository and component that retention drops if the backup succeeds.
	Forget map[string]map[string][]string
	// Drop holds the names of the Snapshots that go with it, by Repository.
	Drop map[string][]string
	// Check holds the Repositories whose first backup this is.
	Check map[string]bool
}

// Finish makes the Job of the last step of a unit with several components: only when all of them are safe may
// older data go, and only then is it known what the documents say.
type Finish struct {
	// Target names the unit.
	Target string
	// Forget and Drop are as in CreateJobs.
	Forget map[string]map[string][]string
	Drop   map[string][]string
	// Documents are the Snapshots of which pods write the documents.
	Documents []string
}

// StopJobs deletes the Jobs of components, with their pods.
type StopJobs struct{ Names []string }

// RecordSnapshot writes a Snapshot's status. With Upload set, the Snapshot's document is written first, and
// its outcome becomes the condition SnapshotMetadataUploaded; until GiveUp a failure is tried again.
type RecordSnapshot struct {
	Name   string
	Status storagev1alpha1.SnapshotStatus
	Upload bool
	GiveUp time.Time
}

// DropSnapshots deletes Snapshots that retention dropped and whose data is gone.
type DropSnapshots struct{ Names []string }

// DropSessions deletes BackupSessions beyond the history limit.
type DropSessions struct{ Names []string }

// DropSecret deletes the Secrets of the unit that Target names.
type DropSecret struct{ Target string }

func (CreateSnapshot) intent() {}
func (CreateJobs) intent()     {}
func (Finish) intent()         {}
func (StopJobs) intent()       {}
func (RecordSnapshot) intent() {}
func (DropSnapshots) intent()  {}
func (DropSessions) intent()   {}
func (DropSecret) intent()     {}
