// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
)

const (
	// lookAgain is how soon an attempt is looked at although nobody has called: its end is told, unless the teller was stopped.
	lookAgain = 10 * time.Second
	// firstDelay and maxDelay are how long a hook that failed rests before it's tried again. The delay doubles.
	firstDelay = 2 * time.Second
	maxDelay   = 30 * time.Second
)

// Stage is when a hook runs.
type Stage string

const (
	// Pre is before the work.
	Pre Stage = "pre"
	// Post is after it.
	Post Stage = "post"
)

// Known is a hook with what is known of it.
type Known struct {
	Hook
	// Problem tells why the hook can't be carried out: there is no template, or it may not be used.
	Problem string
	// Function is what the template's Function is; nil when there is none.
	Function *addonsv1alpha1.FunctionSpec
	// Attempt is the one after those that were recorded.
	Attempt Attempt
}

// Attempt is what is known of one try. The zero value is one that nobody knows of.
type Attempt struct {
	Known bool
	Ended bool
	// Error tells why it failed; empty when it succeeded.
	Error string
}

// Situation is what the hooks of a stage run in.
type Situation struct {
	Summary Summary
	Now     time.Time
	// NoMore is set when it's too late to start anything. What runs is waited for.
	NoMore bool
}

// Start asks for an attempt. One that runs already is that attempt.
type Start struct {
	Stage Stage
	Index int
	// Number counts the attempts of this hook from 1.
	Number  int32
	Request Request
}

// Event is worth telling.
type Event struct {
	Warning         bool
	Reason, Message string
}

// Reasons of events.
const (
	EventSucceeded     = "HookSucceeded"
	EventFailed        = "HookFailed"
	EventAttemptFailed = "HookAttemptFailed"
)

// Step is what comes of the hooks of a stage now.
type Step struct {
	// Entries is the new status.
	Entries []corev1alpha1.HookExecutionStatus
	// Done is true when no hook is left.
	Done bool
	// Failure is the first failure; empty when there was none yet.
	Failure string
	Start   *Start
	Events  []Event
	WakeUp  time.Duration
}

// Run says what is next of a stage's hooks. They run one after the other, in their order. A pre-hook that fails is the last one; a
// post-hook that fails counts as a failure for the policies of those after it.
func Run(stage Stage, hooks []Known, entries []corev1alpha1.HookExecutionStatus, s Situation) Step {
	r := run{stage: stage, situation: s, failure: s.Summary.Status.Error}
	r.step.Entries = slices.Clone(entries)
	failed := s.Summary.Status.Phase == PhaseFailed
	for i, k := range hooks {
		e := r.entry(i, k, failed)
		if e == nil {
			continue
		}
		if pending(e) && !r.settle(e, k) {
			return r.step
		}
		if e.Phase == corev1alpha1.HookExecutionPhaseFailed {
			failed = true
			failure := fmt.Sprintf("%s failed: %s", r.name(e), e.Message)
			r.step.Failure, r.failure = cmp.Or(r.step.Failure, failure), cmp.Or(r.failure, failure)
			if stage == Pre {
				break
			}
		}
	}
	r.step.Done = true
	return r.step
}

// Phases of a Summary.
const (
	PhaseSucceeded = "Succeeded"
	PhaseFailed    = "Failed"
)

// Pending finds the hook of a stage that waits for the outcome of an attempt, and that attempt's number.
func Pending(entries []corev1alpha1.HookExecutionStatus) (index int, number int32, found bool) {
	for i := range entries {
		if pending(&entries[i]) {
			return int(entries[i].Index), entries[i].Attempts + 1, true
		}
	}
	return 0, 0, false
}

func pending(e *corev1alpha1.HookExecutionStatus) bool {
	return e.Phase == corev1alpha1.HookExecutionPhasePending || e.Phase == ""
}

type run struct {
	stage     Stage
	situation Situation
	failure   string
	step      Step
}

// entry finds or makes the status of a hook whose turn it is; nil when its policy skips it.
func (r *run) entry(i int, k Known, failed bool) *corev1alpha1.HookExecutionStatus {
	for n := range r.step.Entries {
		if int(r.step.Entries[n].Index) == i {
			return &r.step.Entries[n]
		}
		if int(r.step.Entries[n].Index) > i {
			return nil // its turn is over
		}
	}
	if r.stage == Post && !applies(k.Info.ExecutionPolicy, failed) {
		return nil
	}
	r.step.Entries = append(r.step.Entries, corev1alpha1.HookExecutionStatus{
		Name: k.Info.Name, Phase: corev1alpha1.HookExecutionPhasePending, Index: int32(i),
	})
	return &r.step.Entries[len(r.step.Entries)-1]
}

func applies(policy corev1alpha1.HookExecutionPolicy, failed bool) bool {
	switch policy {
	case corev1alpha1.HookExecutionPolicyOnSuccess:
		return !failed
	case corev1alpha1.HookExecutionPolicyOnFailure:
		return failed
	default:
		return true
	}
}

// settle brings one hook forward, and reports whether it is settled.
func (r *run) settle(e *corev1alpha1.HookExecutionStatus, k Known) bool {
	attempt := k.Attempt
	if attempt.Known && attempt.Ended {
		if r.take(e, k, attempt) {
			return true
		}
		attempt = Attempt{}
	}
	if attempt.Known {
		r.step.WakeUp = lookAgain
		return false
	}
	if k.Problem != "" {
		return r.fail(e, k.Problem)
	}
	if r.situation.NoMore {
		return r.fail(e, "there was no time left for it.")
	}
	if left := r.rest(e); left > 0 {
		r.step.WakeUp = left
		return false
	}
	summary := r.situation.Summary
	if r.failure != "" {
		summary.Status.Phase, summary.Status.Error = PhaseFailed, r.failure
	}
	request, err := k.request(summary)
	if err != nil {
		return r.fail(e, err.Error()+".")
	}
	r.step.Start = &Start{Stage: r.stage, Index: int(e.Index), Number: e.Attempts + 1, Request: request}
	r.step.WakeUp = lookAgain
	return false
}

// take records an attempt that has ended, and reports whether it was the last.
func (r *run) take(e *corev1alpha1.HookExecutionStatus, k Known, a Attempt) bool {
	at := metav1.NewTime(r.situation.Now)
	e.Attempts, e.LastAttemptTime, e.Message = e.Attempts+1, &at, a.Error
	switch {
	case a.Error == "":
		e.Phase = corev1alpha1.HookExecutionPhaseSucceeded
		r.tell(false, EventSucceeded, r.name(e)+" succeeded.")
	case e.Attempts > k.Info.MaxRetry:
		return r.fail(e, a.Error)
	default:
		r.tell(true, EventAttemptFailed, fmt.Sprintf("%s: attempt %d of %d failed: %s", r.name(e), e.Attempts, k.Info.MaxRetry+1, a.Error))
		return false
	}
	return true
}

func (r *run) fail(e *corev1alpha1.HookExecutionStatus, why string) bool {
	e.Phase, e.Message = corev1alpha1.HookExecutionPhaseFailed, why
	r.tell(true, EventFailed, fmt.Sprintf("%s failed: %s", r.name(e), why))
	return true
}

// rest is how long a hook that failed waits.
func (r *run) rest(e *corev1alpha1.HookExecutionStatus) time.Duration {
	if e.Attempts == 0 || e.LastAttemptTime == nil {
		return 0
	}
	delay := maxDelay
	if e.Attempts < 5 {
		delay = min(maxDelay, firstDelay<<(e.Attempts-1))
	}
	return e.LastAttemptTime.Add(delay).Sub(r.situation.Now)
}

func (r *run) name(e *corev1alpha1.HookExecutionStatus) string {
	name := e.Name
	if name == "" {
		name = fmt.Sprintf("number %d", e.Index+1)
	}
	if r.stage == Pre {
		return "Pre-hook " + name
	}
	return "Post-hook " + name
}

func (r *run) tell(warning bool, reason, message string) {
	r.step.Events = append(r.step.Events, Event{Warning: warning, Reason: reason, Message: message})
}
