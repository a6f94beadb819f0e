// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"slices"
	"time"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
	"kubestash.com/kubestash/internal/domain/size"
)

// RunHook makes one attempt, or finds the one that was started before.
type RunHook struct{ hook.Start }

func (RunHook) intent() {}

// hooksBegan reports whether the session has come to its hooks. From then on it isn't skipped any more: it ends with its post-hooks.
func (d *decision) hooksBegan() bool { return hook.Began(d.facts.Session.Status.Hooks) }

// hasFailedToStart reports whether there is nothing left to do but what follows a failure.
func (d *decision) hasFailedToStart() bool {
	s := d.verdict.Status
	return metav1alpha1.IsConditionFalse(s.Conditions, corev1alpha1.ConditionPreBackupHooksExecutionSucceeded) ||
		metav1alpha1.IsConditionFalse(s.Conditions, corev1alpha1.ConditionSnapshotsEnsured) && len(s.Snapshots) == 0
}

// mayGoOn looks after the pre-hooks, or between two of them, whether the run may still start.
func (d *decision) mayGoOn() bool {
	f := d.facts
	switch {
	case f.Invoker == nil || f.Config == nil:
		d.failToStart(fmt.Sprintf("%s %s, or its session %q, was deleted before the backup started.",
			invokerKind(f.Session), invokerName(f.Session), f.Session.Spec.Session))
	case f.Turn != nil && !f.Turn.Admitted:
		d.wait(*f.Turn) // never for long: one that has begun keeps its place
	case f.allUnits(func(u Unit) bool { return u.Gone != "" }):
		d.failToStart(f.troubles())
	default:
		return d.ready()
	}
	return false
}

// failToStart ends a run before it has started. Its post-hooks run: somebody may want to be told.
func (d *decision) failToStart(message string) {
	d.condition(corev1alpha1.ConditionSnapshotsEnsured, false, corev1alpha1.ReasonFailedToEnsureSnapshots, message)
	if d.postHooks() {
		d.conclude()
		return
	}
	for _, u := range d.facts.Units {
		d.intend(DropSecret{Target: u.Target}) // a later pass doesn't know the units any more
	}
}

func (d *decision) leave() {
	if d.postHooks() {
		d.conclude()
	}
}

// preHooks reports whether the pre-hooks are over and all of them succeeded.
func (d *decision) preHooks() bool {
	h := d.facts.Hooks
	if len(h.Pre)+len(h.Post) == 0 {
		return true
	}
	const t = corev1alpha1.ConditionPreBackupHooksExecutionSucceeded
	if d.has(t) {
		return true
	}
	step := h.Before(&d.verdict.Status.Hooks, d.situation())
	switch {
	case !d.follow(step):
		return false
	case step.Failure != "":
		d.condition(t, false, corev1alpha1.ReasonFailedToExecutePreBackupHooks, step.Failure)
		d.leave()
		return false
	case len(h.Pre) > 0:
		d.condition(t, true, corev1alpha1.ReasonSuccessfullyExecutedPreBackupHooks, "")
	}
	return true
}

// postHooks reports whether the post-hooks are over. What still works, after a timeout, is stopped before them.
func (d *decision) postHooks() bool {
	const t = corev1alpha1.ConditionPostBackupHooksExecutionSucceeded
	h := d.facts.Hooks
	if len(h.Post) == 0 || d.has(t) {
		return true
	}
	d.stopJobs()
	step := h.After(&d.verdict.Status.Hooks, d.situation())
	switch {
	case !d.follow(step):
		return false
	case len(step.Entries) == 0:
	case step.Failure != "":
		d.condition(t, false, corev1alpha1.ReasonFailedToExecutePostBackupHooks, step.Failure)
	default:
		d.condition(t, true, corev1alpha1.ReasonSuccessfullyExecutedPostBackupHooks, "")
	}
	return true
}

// worked reports whether it was clear how the backup went before anything else happened.
func (d *decision) worked() bool {
	snapshots := d.verdict.Status.Snapshots
	return d.hasFailedToStart() || len(snapshots) > 0 && !slices.ContainsFunc(snapshots, func(s corev1alpha1.SnapshotStatus) bool {
		return s.Phase != storagev1alpha1.SnapshotPhaseSucceeded && s.Phase != storagev1alpha1.SnapshotPhaseFailed
	})
}

// follow carries a step over into the verdict, and reports whether the stage is over.
func (d *decision) follow(step hook.Step) bool {
	if step.Start != nil {
		d.intend(RunHook{*step.Start})
	}
	for _, e := range step.Events {
		d.event(e.Warning, e.Reason, e.Message)
	}
	if step.WakeUp > 0 {
		d.verdict.WakeUp = step.WakeUp
	}
	return step.Done
}

func (d *decision) situation() hook.Situation {
	return hook.Situation{Summary: d.summary(), Now: d.now}
}

// summary is the session as a hook's template sees it.
func (d *decision) summary() hook.Summary {
	return Summary(d.facts, d.verdict.Status, d.now)
}

// Summary is a session as a hook's template sees it.
func Summary(f Facts, status corev1alpha1.BackupSessionStatus, now time.Time) hook.Summary {
	session := f.Session
	session.Status = status
	s := hook.Summary{
		Name: f.Session.Name, Namespace: f.Session.Namespace, Target: f.Hooks.Target,
		Status: hook.Outcome{Phase: hook.PhaseSucceeded, Duration: size.Duration(now.Sub(BeganAt(session)))},
	}
	if i := f.Session.Spec.Invoker; i != nil {
		s.Invoker = hook.Reference{
			APIGroup: corev1alpha1.GroupVersion.Group, Kind: i.Kind, Namespace: f.Session.Namespace, Name: i.Name,
		}
	}
	failed := slices.ContainsFunc(status.Snapshots, func(s corev1alpha1.SnapshotStatus) bool {
		return s.Phase == storagev1alpha1.SnapshotPhaseFailed
	})
	if failed || anyStepFailed(status) {
		s.Status.Phase, s.Status.Error = hook.PhaseFailed, Failure(status, f.Units)
	}
	return s
}

// Leave says what is left to do for a session that is deleted before it has finished: its post-hooks, because what a pre-hook has stopped
// must be started again. It reports whether all is done.
func Leave(f Facts, now time.Time) (Verdict, bool) {
	d := &decision{facts: f, now: now}
	d.verdict.Status = *f.Session.Status.DeepCopy()
	if !d.hooksBegan() || f.Session.DeletionTimestamp == nil {
		return d.verdict, true
	}
	if !now.Before(f.Session.DeletionTimestamp.Add(hook.LeaveLimit)) {
		d.event(true, hook.EventFailed, fmt.Sprintf("The BackupSession was deleted, and its post-hooks did not end within %s.", hook.LeaveLimit))
		return d.verdict, true
	}
	d.stopJobs()
	situation := d.situation()
	if !d.worked() {
		situation.Summary.Status.Phase = hook.PhaseFailed
		situation.Summary.Status.Error = "The BackupSession was deleted before it had finished."
	}
	return d.verdict, d.follow(f.Hooks.After(&d.verdict.Status.Hooks, situation))
}
