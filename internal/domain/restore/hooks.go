// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restore

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
	"kubestash.com/kubestash/internal/domain/size"
)

// RunHook makes one attempt, or finds the one that was started before.
type RunHook struct{ hook.Start }

func (RunHook) intent() {}

// hasFailedToStart reports whether there is nothing left to do but what follows a failure.
func (d *decision) hasFailedToStart() bool {
	c := d.verdict.Status.Conditions
	return metav1alpha1.IsConditionFalse(c, corev1alpha1.ConditionPreRestoreHooksExecutionSucceeded) ||
		metav1alpha1.IsConditionFalse(c, corev1alpha1.ConditionRestoreExecutorEnsured)
}

// failToStart ends a restore before it has started. Its post-hooks run: what the pre-hooks have stopped is started again.
func (d *decision) failToStart(message string) {
	d.condition(corev1alpha1.ConditionRestoreExecutorEnsured, false, corev1alpha1.ReasonFailedToEnsureRestoreExecutor, message)
	d.leave()
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
	const t = corev1alpha1.ConditionPreRestoreHooksExecutionSucceeded
	if metav1alpha1.HasCondition(d.verdict.Status.Conditions, t) {
		return true
	}
	step := h.Before(&d.verdict.Status.Hooks, d.situation())
	switch {
	case !d.follow(step):
		return false
	case step.Failure != "":
		d.condition(t, false, corev1alpha1.ReasonFailedToExecutePreRestoreHooks, step.Failure)
		d.leave()
		return false
	case len(h.Pre) > 0:
		d.condition(t, true, corev1alpha1.ReasonSuccessfullyExecutedPreRestoreHooks, "")
	}
	return true
}

// postHooks reports whether the post-hooks are over.
func (d *decision) postHooks() bool {
	const t = corev1alpha1.ConditionPostRestoreHooksExecutionSucceeded
	h := d.facts.Hooks
	if len(h.Post) == 0 || metav1alpha1.HasCondition(d.verdict.Status.Conditions, t) {
		return true
	}
	step := h.After(&d.verdict.Status.Hooks, d.situation())
	switch {
	case !d.follow(step):
		return false
	case len(step.Entries) == 0:
	case step.Failure != "":
		d.condition(t, false, corev1alpha1.ReasonFailedToExecutePostRestoreHooks, step.Failure)
	default:
		d.condition(t, true, corev1alpha1.ReasonSuccessfullyExecutedPostRestoreHooks, "")
	}
	return true
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
	return hook.Situation{Summary: Summary(d.facts, d.verdict.Status, d.now), Now: d.now}
}

// Summary is a restore as a hook's template sees it: its own invoker.
func Summary(f Facts, status corev1alpha1.RestoreSessionStatus, now time.Time) hook.Summary {
	s := hook.Summary{
		Name: f.Session.Name, Namespace: f.Session.Namespace, Target: f.Hooks.Target,
		Invoker: hook.Reference{
			APIGroup: corev1alpha1.GroupVersion.Group, Kind: corev1alpha1.KindRestoreSession, Namespace: f.Session.Namespace, Name: f.Session.Name,
		},
		Status: hook.Outcome{Phase: hook.PhaseSucceeded, Duration: size.Duration(now.Sub(f.Session.CreationTimestamp.Time))},
	}
	failed := anyStepFailed(status)
	for _, c := range status.Components {
		failed = failed || c.Phase == corev1alpha1.RestoreSessionPhaseFailed
	}
	if failed {
		s.Status.Phase, s.Status.Error = hook.PhaseFailed, failure(status)
	}
	return s
}

// Leave says what is left to do for a restore that is deleted before it has finished: its post-hooks. It reports whether all is done. What
// still writes is stopped first.
func Leave(f Facts, now time.Time) (Verdict, bool) {
	d := &decision{facts: f, now: now, at: metav1.NewTime(now)}
	d.verdict.Status = *f.Session.Status.DeepCopy()
	s := &d.verdict.Status
	if !hook.Began(s.Hooks) || Finished(*s) || f.Session.DeletionTimestamp == nil {
		return d.verdict, true
	}
	if !now.Before(f.Session.DeletionTimestamp.Add(hook.LeaveLimit)) {
		d.event(true, hook.EventFailed, fmt.Sprintf("The RestoreSession was deleted, and its post-hooks did not end within %s.", hook.LeaveLimit))
		return d.verdict, true
	}
	var stop []string
	worked := d.hasFailedToStart() || len(s.Components) > 0
	for name, c := range s.Components {
		worked = worked && terminal(c.Phase)
		if job := f.Jobs[name]; job.Exists && !job.Ended {
			stop = append(stop, job.Name)
		}
	}
	if len(stop) > 0 {
		d.intend(StopJobs{Names: stop})
	}
	situation := d.situation()
	if !worked {
		situation.Summary.Status.Phase = hook.PhaseFailed
		situation.Summary.Status.Error = "The RestoreSession was deleted before it had finished."
	}
	return d.verdict, d.follow(f.Hooks.After(&s.Hooks, situation))
}
