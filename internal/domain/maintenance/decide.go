// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package maintenance

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/schedule"
)

const (
	// busyRetry is how soon a maintenance that waits looks again. Most of what it waits for wakes it sooner.
	busyRetry = 30 * time.Second
	// pendingLimit is how long a pod may wait for its start before the status says so.
	pendingLimit = 2 * time.Minute
)

// Decide says what is next.
func Decide(f Facts, now time.Time) Verdict {
	d := &decision{facts: f, now: now, at: metav1.NewTime(now)}
	if f.Status != nil {
		d.verdict.Status = *f.Status.DeepCopy()
	}
	for _, c := range f.Conditions {
		d.verdict.Conditions = append(d.verdict.Conditions, *c.DeepCopy())
	}
	if d.verdict.Status.Since == nil {
		// From now on: a Repository that is as old as the hills has not missed anything.
		d.verdict.Status.Since, d.verdict.Status.Request = &d.at, f.Request
	}
	d.adopt()
	if d.verdict.Status.Phase == storagev1alpha1.MaintenancePhaseRunning && !d.watch() {
		return d.verdict
	}
	d.plan()
	return d.verdict
}

type decision struct {
	facts   Facts
	now     time.Time
	at      metav1.Time
	verdict Verdict
	// unreadable tells which schedule makes no sense.
	unreadable string
}

// adopt recognises a Job that was made by a pass whose status was never written. Its name tells, or its time; a time alone
// would not do, because it is the API server's, and StartTime may be ours.
func (d *decision) adopt() {
	job, s := d.facts.Job, &d.verdict.Status
	if job.Exists && job.UID != s.JobUID && (job.Name == d.facts.Next || s.StartTime == nil || !job.Started.Before(s.StartTime.Time)) {
		s.Job = job.Name
		if job.Request != "" {
			s.Request = job.Request // or it would be done once more for the same request
		}
		d.started(job.UID, metav1.NewTime(job.Started), job.Prune, job.Check, job.Subset)
	}
}

// started records the start of a maintenance.
func (d *decision) started(uid string, at metav1.Time, prune, check bool, subset string) {
	s := &d.verdict.Status
	s.Phase, s.JobUID, s.Message = storagev1alpha1.MaintenancePhaseRunning, uid, ""
	s.StartTime, s.CompletionTime = &at, nil
	if prune {
		s.Prune.LastScheduleTime = &at
	}
	if check {
		s.Check.LastScheduleTime, s.Check.ReadDataSubset = &at, subset
	}
}

// Started completes a verdict with the Job that its Start has made.
func (v *Verdict) Started(f Facts, name, uid string, start Start, now time.Time) {
	d := &decision{facts: f, now: now, at: metav1.NewTime(now), verdict: *v}
	d.started(uid, d.at, start.Prune, start.Check, start.Subset)
	s := &d.verdict.Status
	s.Job, s.Request = name, f.Request
	d.verdict.WakeUp = 0
	d.due(f.Settings.Prune, "prune", s.Prune.LastScheduleTime, &s.Prune.NextTime)
	d.due(f.Settings.Check, "check", s.Check.LastScheduleTime, &s.Check.NextTime)
	d.event(false, EventMaintenanceStarted, "Maintenance has started: "+describe(start)+".")
	*v = d.verdict
}

// Postponed turns a verdict whose Start could not be carried out yet into one that waits.
func (v *Verdict) Postponed(why string) {
	if v.Status.Message != why {
		v.Status.Message = why
		v.Events = append(v.Events, Event{Reason: EventMaintenanceWaits, Message: why})
	}
	v.WakeUp = busyRetry
}

func describe(s Start) string {
	var words []string
	if s.Check {
		text := "check"
		if s.Subset != "" {
			text += ", reading " + s.Subset + " of the data"
		}
		words = append(words, text)
	}
	if s.Prune {
		words = append(words, "prune")
	}
	return strings.Join(words, "; ")
}

// watch records what a Job has come to, and reports whether it is over.
func (d *decision) watch() bool {
	job := d.facts.Job
	switch {
	case job.UID == d.verdict.Status.JobUID && !job.Ended:
		d.pending(job)
		return false
	case job.UID != d.verdict.Status.JobUID:
		d.record(Job{Failure: "its Job was deleted before it ended.", Prune: d.isCurrent(d.verdict.Status.Prune.LastScheduleTime),
			Check: d.isCurrent(d.verdict.Status.Check.LastScheduleTime)})
	default:
		d.record(job)
	}
	d.intend(DropSecret{})
	return true
}

// isCurrent is true of what the maintenance that runs was started for.
func (d *decision) isCurrent(scheduled *metav1.Time) bool {
	return scheduled != nil && d.verdict.Status.StartTime != nil && scheduled.Equal(d.verdict.Status.StartTime)
}

func (d *decision) pending(job Job) {
	s := &d.verdict.Status
	switch {
	case job.Waiting == "":
		s.Message = ""
	case d.now.Before(job.Since.Add(pendingLimit)):
		d.wake(job.Since.Add(pendingLimit).Sub(d.now))
	default:
		d.say("The maintenance pod does not start: " + job.Waiting)
	}
}

// plan finds out what is due, and starts it when nothing is in the way.
func (d *decision) plan() {
	s := &d.verdict.Status
	start := Start{
		Prune: d.due(d.facts.Settings.Prune, "prune", s.Prune.LastScheduleTime, &s.Prune.NextTime),
		Check: d.due(d.facts.Settings.Check, "check", s.Check.LastScheduleTime, &s.Check.NextTime),
	}
	if asked := d.facts.Request; asked != "" && asked != s.Request {
		start.Prune, start.Check = true, true
	}
	if d.damaged() || d.facts.Integrity != nil && !*d.facts.Integrity {
		// Pruning could throw away what a repair needs.
		start.Prune = false
	}
	if !start.Prune && !start.Check {
		switch {
		case d.unreadable != "":
			d.say(d.unreadable)
		case s.Phase != storagev1alpha1.MaintenancePhaseFailed:
			s.Message = ""
		}
		d.wakeAt(s.Prune.NextTime)
		d.wakeAt(s.Check.NextTime)
		return
	}
	if start.Check {
		start.Subset = Subset(d.facts.Settings.ReadDataSubset, s.Check.ReadDataSubset)
	}
	if start.Check && d.damaged() {
		start.Subset = Again(s.Check.ReadDataSubset)
	}
	switch {
	case d.facts.Obstacle != "":
		d.say("Maintenance is due and can't start: " + d.facts.Obstacle)
		d.wake(busyRetry)
	case len(d.facts.Paths) == 0:
		d.say("Maintenance is due and has nothing to do: there is no backup yet.")
	case len(d.facts.Busy) > 0:
		d.say("Maintenance is due and waits for " + strings.Join(d.facts.Busy, ", ") + ".")
		d.wake(busyRetry)
	default:
		d.intend(start)
	}
}

// due computes when the next time of a schedule is and reports whether it has come.
func (d *decision) due(t Timetable, what string, last *metav1.Time, next **metav1.Time) bool {
	*next = nil
	if t.Paused {
		return false
	}
	from := d.verdict.Status.Since.Time
	if last != nil {
		from = last.Time
	}
	resolved, err := schedule.Resolve(t.Schedule, d.facts.Key+"/"+what)
	var at time.Time
	if err == nil {
		at, err = schedule.Next(resolved, d.facts.Settings.TimeZone, from)
	}
	if err != nil {
		d.unreadable = fmt.Sprintf("The schedule of %s can't be read: %v.", what, err)
		return false
	}
	stamp := metav1.NewTime(at.UTC())
	*next = &stamp
	return !d.now.Before(at)
}

func (d *decision) damaged() bool {
	return metav1alpha1.IsConditionFalse(d.verdict.Conditions, storagev1alpha1.ConditionIntegrityVerified)
}

// say tells once what a maintenance waits for.
func (d *decision) say(message string) {
	if d.verdict.Status.Message == message {
		return
	}
	d.verdict.Status.Message = message
	d.event(false, EventMaintenanceWaits, message)
}

// wakeAt leaves out what is due already and is held back: something else ends that.
func (d *decision) wakeAt(t *metav1.Time) {
	if t != nil && d.now.Before(t.Time) {
		d.wake(t.Sub(d.now))
	}
}

func (d *decision) wake(after time.Duration) {
	if d.verdict.WakeUp == 0 || after < d.verdict.WakeUp {
		d.verdict.WakeUp = after
	}
}

func (d *decision) intend(i Intent) { d.verdict.Intents = append(d.verdict.Intents, i) }

func (d *decision) event(warning bool, reason, message string) {
	d.verdict.Events = append(d.verdict.Events, Event{Warning: warning, Reason: reason, Message: message})
}
