// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
	"kubestash.com/kubestash/internal/domain/size"
)

// leaveLimit is how long the deletion of a session waits for its post-hooks. It is documented at HookInfo.
const leaveLimit = 10 * time.Minute

// Hooks are the hooks of a session, as they were when it began.
type Hooks struct {
	Pre, Post []hook.Known
	// Target is what templates call so.
	Target hook.Reference
	// Record is what the status is to remember of them, so that they can still run when the configuration is gone.
	Record *runtime.RawExtension
}

// RunHook makes one attempt, or finds the one that was started before.
type RunHook struct{ hook.Start }

func (RunHook) intent() {}

// hooksBegan reports whether the session has come to its hooks. From then on it isn't skipped any more: it ends with its post-hooks.
func (d *decision) hooksBegan() bool { return HooksBegan(d.facts.Session.Status) }

// HooksBegan reports whether a session has come to its hooks and has not finished.
func HooksBegan(s corev1alpha1.BackupSessionStatus) bool { return s.Hooks.Record != nil }

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
	d.remember()
	const t = corev1alpha1.ConditionPreBackupHooksExecutionSucceeded
	if len(h.Pre) == 0 || d.has(t) {
		return true
	}
	step := hook.Run(hook.Pre, h.Pre, d.verdict.Status.Hooks.PreHooks, d.situation())
	d.verdict.Status.Hooks.PreHooks = step.Entries
	switch {
	case !d.follow(step):
		return false
	case step.Failure != "":
		d.condition(t, false, corev1alpha1.ReasonFailedToExecutePreBackupHooks, step.Failure)
		d.leave()
		return false
	default:
		d.condition(t, true, corev1alpha1.ReasonSuccessfullyExecutedPreBackupHooks, "")
		return true
	}
}

// postHooks reports whether the post-hooks are over. What still works, after a timeout, is stopped before them.
func (d *decision) postHooks() bool {
	const t = corev1alpha1.ConditionPostBackupHooksExecutionSucceeded
	h := d.facts.Hooks
	if len(h.Post) == 0 || d.has(t) {
		return true
	}
	d.remember()
	if !d.endPreHooks() {
		return false
	}
	d.stopJobs()
	step := hook.Run(hook.Post, h.Post, d.verdict.Status.Hooks.PostHooks, d.situation())
	d.verdict.Status.Hooks.PostHooks = step.Entries
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

// endPreHooks waits for a pre-hook that runs although it's too late for it, and starts no other: it must not come last.
func (d *decision) endPreHooks() bool {
	s := &d.verdict.Status
	if _, _, open := hook.Pending(s.Hooks.PreHooks); !open {
		return true
	}
	situation := d.situation()
	situation.NoMore = true
	step := hook.Run(hook.Pre, d.facts.Hooks.Pre, s.Hooks.PreHooks, situation)
	s.Hooks.PreHooks = step.Entries
	return d.follow(step)
}

// worked reports whether it was clear how the backup went before anything else happened.
func (d *decision) worked() bool {
	snapshots := d.verdict.Status.Snapshots
	return d.hasFailedToStart() || len(snapshots) > 0 && !slices.ContainsFunc(snapshots, func(s corev1alpha1.SnapshotStatus) bool {
		return s.Phase != storagev1alpha1.SnapshotPhaseSucceeded && s.Phase != storagev1alpha1.SnapshotPhaseFailed
	})
}

func (d *decision) remember() {
	if s := &d.verdict.Status; s.Hooks.Record == nil {
		s.Hooks.Record = d.facts.Hooks.Record
	}
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
	s := &d.verdict.Status
	if !d.hooksBegan() || f.Session.DeletionTimestamp == nil {
		return d.verdict, true
	}
	if !now.Before(f.Session.DeletionTimestamp.Add(leaveLimit)) {
		d.event(true, hook.EventFailed, fmt.Sprintf("The BackupSession was deleted, and its post-hooks did not end within %s.", leaveLimit))
		return d.verdict, true
	}
	d.stopJobs()
	situation := d.situation()
	if !d.worked() {
		situation.Summary.Status.Phase = hook.PhaseFailed
		situation.Summary.Status.Error = "The BackupSession was deleted before it had finished."
	}
	if !d.endPreHooks() {
		return d.verdict, false
	}
	step := hook.Run(hook.Post, f.Hooks.Post, s.Hooks.PostHooks, situation)
	s.Hooks.PostHooks = step.Entries
	return d.verdict, d.follow(step)
}
