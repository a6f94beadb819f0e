// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"time"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/queue"
	"kubestash.com/kubestash/internal/domain/retention"
)

// Facts is all that a decision about one BackupSession rests on. It holds copies, never what a cache owns.
type Facts struct {
	Session corev1alpha1.BackupSession
	// Invoker is nil when it is gone.
	Invoker *invoker.Invoker
	// Config is how the invoker wants the session to be run; nil when it has none of that name.
	Config *corev1alpha1.SessionConfig
	// Siblings are the other BackupSessions of the same session that have not finished.
	Siblings Siblings
	// Turn is what the queue says; nil when it was not asked, because something else decides first.
	Turn *queue.Turn
	// Problems tell why nothing of the run can start, the most important first.
	Problems []Problem
	// Notes are told when the run starts: nothing is wrong, and somebody may wonder later.
	Notes []string
	// Units are what is to be backed up, in the order of the configuration. One with Problems doesn't keep the
	// others from being backed up.
	Units []Unit
	// Stray are the Jobs of the run that go on and of which no unit tells: their Snapshots were deleted.
	Stray []string
	// Hooks run before and after.
	Hooks hook.Hooks
	// History are the finished BackupSessions of the same session, this one not among them.
	History []Past
	// Former are those of sessions that the invoker doesn't have any more, by session.
	Former [][]Past
}

// Problem is something that keeps a run from starting.
type Problem struct {
	// Message says what is wrong and what to do.
	Message string
	// MayPass is true for what often mends itself in seconds, such as a Repository that is being initialised.
	MayPass bool
}

// Repository is one Repository that the session backs up into.
type Repository struct {
	Name string
	// Snapshot is this session's; nil when it wasn't made yet.
	Snapshot *storagev1alpha1.Snapshot
	// Past are the other Snapshots of the same session in this Repository.
	Past []storagev1alpha1.Snapshot
	// PolicyRef and Policy are the RetentionPolicy; Policy is nil when it doesn't exist.
	PolicyRef metav1alpha1.ObjectReference
	Policy    *retention.Policy
	// Holds are reasons to keep Snapshots whatever the policy says, by name: somebody reads them.
	Holds map[string]string
	// HoldBack, when set, is why retention drops nothing at all here. It is a sentence that says what to do.
	HoldBack string
	// DocumentsByPod is true for a storage that only pods can reach: they write the documents.
	DocumentsByPod bool
}

// Job is what is known of one component's Job.
type Job struct {
	Name   string
	Exists bool
	// Ended is true once the Job won't start another pod.
	Ended bool
	// Outcomes are by Repository name; nil when no pod has left a Report.
	Outcomes map[string]Outcome
	// Failure tells why the Job ended without a Report, or why its Report is not believed.
	Failure string
	// Running holds the components by Repository name while a pod works, with its progress.
	Running map[string]storagev1alpha1.Component
	// Waiting tells why the Job's pod has not started; empty when it has. Since is when the pod was made.
	Waiting string
	Since   time.Time
	// Overdue is when a pod of the Job that was told to end should have ended at the latest, and Node is where it is;
	// zero when none was told so.
	Overdue time.Time
	Node    string
}

// Outcome is what a Report says of one Repository.
type Outcome struct {
	// Component is terminal: Succeeded or Failed. Ended is when the pod had done its work.
	Component storagev1alpha1.Component
	Ended     time.Time
	// Warning tells what was kept although some files could not be read.
	Warning string
	// Forgotten are restic ids that retention dropped and that are gone.
	Forgotten []string
	// ForgetError tells why they are not.
	ForgetError string
	// LocksRemoved tells whose stale locks were removed.
	LocksRemoved []string
}

// Past is a finished BackupSession.
type Past struct {
	Name    string
	Created time.Time
	// Skipped ones are counted by themselves: they must not push out what really happened.
	Skipped bool
}
