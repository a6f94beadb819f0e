// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restore

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
	"kubestash.com/kubestash/internal/domain/size"
)

const (
	startGrace       = time.Minute
	startRetry       = 3 * time.Second
	progressInterval = 10 * time.Second
	pendingLimit     = 2 * time.Minute
)

// Decide says what is next.
func Decide(f Facts, now time.Time) Verdict {
	d := &decision{facts: f, now: now, at: metav1.NewTime(now)}
	d.verdict.Status = *f.Session.Status.DeepCopy()
	if !Finished(d.verdict.Status) {
		d.step()
	}
	d.verdict.Status.Phase = Phase(d.verdict.Status)
	return d.verdict
}

// Finished reports whether nothing will happen to a RestoreSession any more.
func Finished(s corev1alpha1.RestoreSessionStatus) bool {
	return metav1alpha1.HasCondition(s.Conditions, corev1alpha1.ConditionMetricsPushed) ||
		metav1alpha1.IsConditionFalse(s.Conditions, corev1alpha1.ConditionValidationPassed)
}

// Started reports whether the Jobs of a RestoreSession have been made.
func Started(s corev1alpha1.RestoreSessionStatus) bool {
	return metav1alpha1.HasCondition(s.Conditions, corev1alpha1.ConditionRestoreExecutorEnsured)
}

type decision struct {
	facts   Facts
	now     time.Time
	at      metav1.Time
	verdict Verdict
}

func (d *decision) step() {
	switch {
	case d.hasFailedToStart():
		d.leave()
	case !Started(d.verdict.Status):
		d.begin()
	case d.watch() && d.postHooks():
		d.conclude()
	}
}

func (d *decision) begin() {
	f, s := d.facts, &d.verdict.Status
	if len(f.Invalid) > 0 {
		message := strings.Join(f.Invalid, " ")
		if hook.Began(s.Hooks) {
			d.failToStart(message)
			return
		}
		d.condition(corev1alpha1.ConditionValidationPassed, false, corev1alpha1.ReasonResourceValidationFailed, message)
		d.event(true, EventRestoreInvalid, message)
		return
	}
	if len(f.Busy) > 0 {
		d.wait(f.Busy[0])
		return
	}
	s.TargetFound, s.Dependencies = f.TargetFound, f.Dependencies
	if len(f.Missing) > 0 {
		d.holdBack(f.Missing[0])
		return
	}
	d.prepared()
	d.condition(corev1alpha1.ConditionValidationPassed, true, corev1alpha1.ReasonResourceValidationPassed,
		"Validation has been passed successfully.")
	if !d.preHooks() {
		return
	}
	if t := f.Session.Spec.RestoreTimeout; t != nil {
		deadline := metav1.NewTime(d.now.Add(t.Duration))
		s.RestoreDeadline = &deadline
	}
	s.TotalComponents = int32(len(f.Components))
	s.Components = map[string]corev1alpha1.ComponentRestoreStatus{}
	for _, c := range f.Components {
		s.Components[c] = corev1alpha1.ComponentRestoreStatus{Phase: corev1alpha1.RestoreSessionPhasePending}
	}
	s.PausedBackups = f.Paused
	d.intend(CreateJobs{Components: f.Components})
	d.condition(corev1alpha1.ConditionRestoreExecutorEnsured, true, corev1alpha1.ReasonSuccessfullyEnsuredRestoreExecutor, "")
	d.event(false, EventRestoreStarted, fmt.Sprintf("Restoring %s from Snapshot %s.", strings.Join(f.Components, ", "), f.Snapshot))
	d.begun()
	d.wakeAtDeadline()
}

// holdBack waits a minute for what may pass; then, and for everything else at once, the restore has failed.
func (d *decision) holdBack(p Problem) {
	if p.MayPass && d.inGrace() {
		d.condition(corev1alpha1.ConditionStartDelayed, true, corev1alpha1.ReasonPreRequisitesNotSatisfied, p.Message)
		d.verdict.WakeUp = startRetry
		return
	}
	if found := d.facts.TargetFound; found != nil && !*found {
		d.condition(corev1alpha1.ConditionRestoreTargetFound, false, corev1alpha1.ReasonUnableToCheckTargetAvailability, p.Message)
	}
	d.condition(corev1alpha1.ConditionRestoreExecutorEnsured, false, corev1alpha1.ReasonFailedToEnsureRestoreExecutor, p.Message)
	d.leave()
}

// watch brings the components up to date with the Jobs and reports whether all are terminal.
func (d *decision) watch() bool {
	s := &d.verdict.Status
	late := s.RestoreDeadline != nil && !d.now.Before(s.RestoreDeadline.Time)
	done, cut := true, ""
	var stop []string
	for _, name := range slices.Sorted(maps.Keys(s.Components)) {
		before := s.Components[name]
		if terminal(before.Phase) {
			continue
		}
		job := d.facts.Jobs[name]
		after, reason := d.component(before, job, late)
		s.Components[name] = after
		if reason != "" {
			cut = fmt.Sprintf("component %s: %s", name, reason)
			if job.Exists && !job.Ended {
				stop = append(stop, job.Name)
			}
		}
		if !terminal(after.Phase) {
			done = false
			d.pending(name, job)
			continue
		}
		d.tell(name, after, job)
	}
	if len(stop) > 0 {
		d.intend(StopJobs{Names: stop})
	}
	if cut != "" {
		d.condition(corev1alpha1.ConditionRestoreIncomplete, true, corev1alpha1.ReasonRestoreExecutorTerminatedBeforeCompletion, cut)
	}
	if !done {
		d.verdict.WakeUp = progressInterval
		d.wakeAtDeadline()
	}
	return done
}

// component is one component's state; cut tells why its Job ended without saying what became of it.
func (d *decision) component(before corev1alpha1.ComponentRestoreStatus, job Job, late bool) (c corev1alpha1.ComponentRestoreStatus, cut string) {
	fail := func(message string) (corev1alpha1.ComponentRestoreStatus, string) {
		before.Phase, before.Error = corev1alpha1.RestoreSessionPhaseFailed, message
		return before, message
	}
	switch {
	case job.Ended && job.Reported:
		before.Duration = size.Duration(job.Duration)
		if job.Progress != nil {
			before.Progress = job.Progress
		}
		before.Phase = corev1alpha1.RestoreSessionPhaseSucceeded
		if !job.Succeeded {
			before.Phase, before.Error = corev1alpha1.RestoreSessionPhaseFailed, job.Error
		}
		return before, ""
	case late:
		return fail("the restore did not finish within restoreTimeout " + d.facts.Session.Spec.RestoreTimeout.Duration.String() + ".")
	case !job.Exists:
		return fail("its Job was deleted before it ended.")
	case lost(job, d.now):
		return fail(fmt.Sprintf(lostMessage, job.Node))
	case job.Ended:
		return fail(job.Failure)
	case job.Working:
		before.Phase = corev1alpha1.RestoreSessionPhaseRunning
		if job.Progress != nil {
			before.Progress = job.Progress
		}
	}
	return before, ""
}

func (d *decision) pending(name string, job Job) {
	if job.Waiting == "" || d.now.Before(job.Since.Add(pendingLimit)) || d.now.After(job.Since.Add(pendingLimit+2*progressInterval)) {
		return
	}
	d.event(true, EventPodPending, fmt.Sprintf("The pod of component %s does not start: %s", name, job.Waiting))
}

func (d *decision) tell(name string, c corev1alpha1.ComponentRestoreStatus, job Job) {
	if c.Phase == corev1alpha1.RestoreSessionPhaseFailed {
		d.event(true, EventComponentFailed, fmt.Sprintf("Component %s: %s", name, c.Error))
		return
	}
	d.event(false, EventComponentDone, fmt.Sprintf("Component %s is restored%s.", name, job.Restored))
}

func (d *decision) conclude() {
	s := &d.verdict.Status
	d.intend(DropSecret{})
	s.Hooks.Record = nil
	s.PausedBackups = nil
	d.condition(corev1alpha1.ConditionMetricsPushed, true, corev1alpha1.ReasonSuccessfullyPushedMetrics, "")
	s.Duration = size.Duration(d.now.Sub(d.facts.Session.CreationTimestamp.Time))
	if Phase(*s) == corev1alpha1.RestoreSessionPhaseSucceeded {
		d.event(false, EventRestoreSucceeded, "Restore succeeded in "+s.Duration+".")
		return
	}
	d.event(true, EventRestoreFailed, "Restore failed: "+failure(*s))
}

func failure(s corev1alpha1.RestoreSessionStatus) string {
	for _, c := range s.Conditions {
		if c.Status == metav1.ConditionFalse && c.Message != "" {
			return c.Message
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Components)) {
		if e := s.Components[name].Error; e != "" {
			return fmt.Sprintf("component %s: %s", name, e)
		}
	}
	return "no reason was recorded."
}

func (d *decision) wakeAtDeadline() {
	if deadline := d.verdict.Status.RestoreDeadline; deadline != nil {
		left := max(deadline.Sub(d.now), time.Second)
		if d.verdict.WakeUp == 0 || left < d.verdict.WakeUp {
			d.verdict.WakeUp = left
		}
	}
}

func (d *decision) condition(conditionType string, isTrue bool, reason, message string) {
	status := metav1.ConditionFalse
	if isTrue {
		status = metav1.ConditionTrue
	}
	metav1alpha1.SetCondition(&d.verdict.Status.Conditions, metav1alpha1.Condition{
		Type: conditionType, Status: status, Reason: reason, Message: message,
	}, d.at)
}

func (d *decision) intend(i Intent) { d.verdict.Intents = append(d.verdict.Intents, i) }

func (d *decision) event(warning bool, reason, message string) {
	d.verdict.Events = append(d.verdict.Events, Event{Warning: warning, Reason: reason, Message: message})
}

func terminal(phase corev1alpha1.RestoreSessionPhase) bool {
	return phase == corev1alpha1.RestoreSessionPhaseSucceeded || phase == corev1alpha1.RestoreSessionPhaseFailed
}
