// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
	"kubestash.com/kubestash/internal/domain/queue"
	"kubestash.com/kubestash/internal/domain/size"
)

// Events of the queue.
const (
	EventBackupQueued   = "BackupQueued"
	EventBackupReplaced = "BackupReplaced"
	EventRetryDropped   = "RetryDropped"
)

// Siblings are the other BackupSessions of the same session that have not finished.
type Siblings struct {
	// Waiting is older than this one, and has not begun. Empty when there is none.
	Waiting string
	// Running has begun.
	Running string
	// Newer was created after this one, and has not failed: it waits, runs, or has backed up what this one would.
	Newer string
	// Next is the oldest that waits and was created after this one.
	Next string
}

// Begun reports whether a BackupSession is past the queue, and so takes a place among those that run until it has
// finished. What its status doesn't tell yet, its Jobs do.
func Begun(s corev1alpha1.BackupSessionStatus) bool {
	return metav1alpha1.HasCondition(s.Conditions, corev1alpha1.ConditionSnapshotsEnsured) ||
		metav1alpha1.HasCondition(s.Conditions, corev1alpha1.ConditionPreBackupHooksExecutionSucceeded) ||
		hook.Began(s.Hooks)
}

// BeganAt is when a BackupSession's turn came: its creation if it didn't have to wait.
func BeganAt(s corev1alpha1.BackupSession) time.Time {
	if c := metav1alpha1.FindCondition(s.Status.Conditions, corev1alpha1.ConditionQueued); c != nil && c.Status == metav1.ConditionFalse {
		return c.LastTransitionTime.Time
	}
	return s.CreationTimestamp.Time
}

// MayAsk reports whether a BackupSession that has not begun may ask for its turn: one that has something in its
// way, other than those that run, doesn't stand in the line.
func MayAsk(f Facts, now time.Time) bool {
	d := &decision{facts: f, now: now}
	d.verdict.Status = f.Session.Status
	return f.Config != nil && len(f.Problems) == 0 && !f.crowded() &&
		!f.allUnits(func(u Unit) bool { return u.trouble() != "" }) && (!f.anyUnit(Unit.mayPass) || !d.inGrace())
}

// crowded is true for a further BackupSession of a session that has as many as may be.
func (f Facts) crowded() bool {
	return f.Siblings.Waiting != "" || f.Siblings.Running != "" && f.policy() == batchv1.ForbidConcurrent
}

func (f Facts) policy() batchv1.ConcurrencyPolicy {
	if f.Config == nil || f.Config.Scheduler == nil || f.Config.Scheduler.ConcurrencyPolicy == "" {
		return batchv1.AllowConcurrent
	}
	return f.Config.Scheduler.ConcurrencyPolicy
}

// crowd tells why one is too many. The one that waits will back up what this one would have: nothing is lost.
func (d *decision) crowd() string {
	if waiting := d.facts.Siblings.Waiting; waiting != "" {
		return fmt.Sprintf("BackupSession %s of the same session waits already, and will back up the same.", waiting)
	}
	return fmt.Sprintf("BackupSession %s of the same session has not finished yet, and concurrencyPolicy is Forbid.", d.facts.Siblings.Running)
}

// wait tells what a BackupSession waits for.
func (d *decision) wait(turn queue.Turn) {
	reason, message := d.obstacle(turn)
	if !metav1alpha1.IsConditionTrue(d.verdict.Status.Conditions, corev1alpha1.ConditionQueued) {
		d.event(false, EventBackupQueued, message)
	}
	d.condition(corev1alpha1.ConditionQueued, true, reason, message)
	d.verdict.WakeUp = queue.Refresh(turn.Position)
}

func (d *decision) obstacle(turn queue.Turn) (reason, message string) {
	at := fmt.Sprintf("Position %d of %d: %d of %d BackupSessions run ", turn.Position, turn.Total, turn.Running, turn.Limit)
	switch turn.Cause {
	case queue.Predecessor:
		reason = corev1alpha1.ReasonPredecessorRunning
		message = fmt.Sprintf("BackupSession %s of the same session has not finished yet.", turn.What)
		if d.facts.policy() == batchv1.ReplaceConcurrent {
			message = fmt.Sprintf("BackupSession %s of the same session is being stopped, as concurrencyPolicy is Replace.", turn.What)
		}
	case queue.OfStorage:
		reason, message = corev1alpha1.ReasonStorageLimitReached, at+"with BackupStorage "+turn.What+"."
	case queue.OfNode:
		reason, message = corev1alpha1.ReasonNodeLimitReached, at+"on node "+turn.What+"."
	default:
		reason, message = corev1alpha1.ReasonClusterLimitReached, at+"in the cluster."
	}
	return reason, message
}

// admitted notes that the turn of a BackupSession that waited has come.
func (d *decision) admitted() {
	turn := d.facts.Turn
	if turn != nil && turn.Admitted && metav1alpha1.IsConditionTrue(d.verdict.Status.Conditions, corev1alpha1.ConditionQueued) {
		// A message would read as what is wrong: False is good here.
		d.condition(corev1alpha1.ConditionQueued, false, corev1alpha1.ReasonAdmitted, "")
	}
}

// began is when the turn came, with what this decision has changed.
func (d *decision) began() time.Time {
	s := d.facts.Session
	s.Status = d.verdict.Status
	return BeganAt(s)
}

// overdue tells why what still runs must be stopped; it is empty when it may go on.
func (d *decision) overdue() string {
	deadline := d.facts.Session.Status.BackupDeadline
	switch next := d.facts.Siblings.Next; {
	case deadline != nil && !d.now.Before(deadline.Time):
		return "the backup did not finish within backupTimeout " + d.timeout() + "."
	case d.has(corev1alpha1.ConditionReplaced):
		return d.replacedBy()
	case next != "" && d.facts.policy() == batchv1.ReplaceConcurrent && d.works():
		message := fmt.Sprintf("it was stopped for BackupSession %s, as concurrencyPolicy is Replace.", next)
		d.condition(corev1alpha1.ConditionReplaced, true, corev1alpha1.ReasonReplacedByNewBackup, message)
		d.event(true, EventBackupReplaced, "The backup is stopped for BackupSession "+next+", as concurrencyPolicy is Replace.")
		return message
	default:
		return ""
	}
}

// works reports whether there is something left to be stopped.
func (d *decision) works() bool {
	return d.facts.anyUnit(func(u Unit) bool {
		return slices.ContainsFunc(u.Components, func(c string) bool { return u.Jobs[c].Exists && !u.Jobs[c].Ended })
	})
}

func (d *decision) replacedBy() string {
	return metav1alpha1.FindCondition(d.verdict.Status.Conditions, corev1alpha1.ConditionReplaced).Message
}

// elapsed is how long the backup took, without its time in the queue.
func (d *decision) elapsed() string { return size.Duration(d.now.Sub(d.began())) }
