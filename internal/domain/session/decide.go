// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/snapshot"
)

const (
	// progressInterval is how often the progress of running pods is read.
	progressInterval = 10 * time.Second
	// pendingLimit is how long a pod may wait for its start before the session says so.
	pendingLimit = 2 * time.Minute
	// uploadLimit is how long writing a Snapshot's document is tried, and emptyUploadLimit the same of one that tells of no
	// data.
	uploadLimit      = 2 * time.Minute
	emptyUploadLimit = 15 * time.Second
)

// Decide says what is next.
func Decide(f Facts, now time.Time) Verdict {
	d := &decision{facts: f, now: now, at: metav1.NewTime(now)}
	d.verdict.Status = *f.Session.Status.DeepCopy()
	switch {
	case RetryPending(d.verdict.Status):
		d.retry()
	case !Finished(d.verdict.Status):
		d.step()
	}
	d.verdict.Status.Phase = Phase(d.verdict.Status)
	return d.verdict
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
	case !d.has(corev1alpha1.ConditionSnapshotsEnsured):
		if d.mayStart() && d.preHooks() {
			d.start()
		}
	case d.watch() && d.postHooks() && d.last():
		d.finish()
	}
}

// mayStart skips, fails or holds back a run that can't start.
func (d *decision) mayStart() bool {
	f := d.facts
	d.admitted()
	switch {
	case d.hooksBegan():
		return d.mayGoOn()
	case f.Invoker == nil:
		d.skip(fmt.Sprintf("%s %s doesn't exist.", invokerKind(f.Session), invokerName(f.Session)))
	case f.Config == nil:
		d.skip(fmt.Sprintf("%s %s has no session named %q; it has: %s.",
			f.Invoker.Kind, f.Invoker.Name, f.Session.Spec.Session, strings.Join(f.Invoker.SessionNames(), ", ")))
	case f.crowded():
		d.skip(d.crowd())
	case f.Turn != nil && !f.Turn.Admitted:
		d.wait(*f.Turn)
		return false
	case f.allUnits(func(u Unit) bool { return u.Gone != "" || u.Restoring != "" }):
		d.skip(f.troubles())
	default:
		return d.ready()
	}
	return false
}

// ready holds a run back, or fails it, while something that it needs is not there.
func (d *decision) ready() bool {
	f := d.facts
	switch {
	case len(f.Problems) > 0:
		d.holdBack(f.Problems[0].Message, f.Problems[0].MayPass)
	case f.anyUnit(Unit.mayPass) && d.inGrace(), f.allUnits(func(u Unit) bool { return u.trouble() != "" }):
		d.holdBack(f.troubles(), f.anyUnit(Unit.mayPass))
	default:
		d.prepared()
		return true
	}
	return false
}

func (d *decision) skip(message string) {
	if names := d.beyondSkipped(); len(names) > 0 {
		d.intend(DropSessions{Names: names})
	}
	d.condition(corev1alpha1.ConditionBackupSkipped, true, corev1alpha1.ReasonPreRequisitesNotSatisfied, message)
	d.event(true, EventBackupSkipped, message)
}

// start asks for everything that a run needs, so that one pass is enough. A unit that can't be started fails the
// run in the end, and doesn't keep the others from being backed up.
func (d *decision) start() {
	s := &d.verdict.Status
	if t := Timeout(d.facts.Session.Spec, d.facts.Config); t != nil {
		deadline := metav1.NewTime(d.now.Add(t.Duration))
		s.BackupDeadline = &deadline
	}
	s.Snapshots = nil
	var works []string
	for _, u := range d.facts.Units {
		if u.trouble() != "" {
			d.intend(DropSecret{Target: u.Target})
			continue
		}
		d.ensureSnapshots(u)
		works = append(works, u.work())
	}
	total := int32(len(s.Snapshots))
	s.TotalSnapshots = &total
	if troubles := d.facts.troubles(); troubles != "" {
		d.lack(troubles)
		d.event(true, corev1alpha1.ReasonFailedToEnsureSnapshots, troubles)
	} else {
		d.condition(corev1alpha1.ConditionSnapshotsEnsured, true, corev1alpha1.ReasonSuccessfullyEnsuredSnapshots, "")
	}
	for _, u := range d.facts.Units {
		if u.trouble() == "" {
			d.intend(d.jobs(u))
		}
	}
	d.condition(corev1alpha1.ConditionBackupExecutorEnsured, true, corev1alpha1.ReasonSuccessfullyEnsuredBackupExecutor, "")
	d.event(false, EventBackupStarted, "Backing up "+strings.Join(works, ", ")+".")
	for _, note := range d.facts.Notes {
		d.event(true, EventNote, note)
	}
	d.wakeAtDeadline()
}

func (d *decision) ensureSnapshots(u Unit) {
	for _, r := range u.Repositories {
		name := SnapshotName(d.facts.Session.Name, r.Name)
		if r.Snapshot == nil {
			d.intend(CreateSnapshot{Name: name, Repository: r.Name, Status: d.initialStatus(u)})
		} else if r.Snapshot.Status.TotalComponents == 0 {
			d.intend(RecordSnapshot{Name: name, Status: d.initialStatus(u)})
		}
		d.verdict.Status.Snapshots = append(d.verdict.Status.Snapshots, corev1alpha1.SnapshotStatus{
			Name: name, Phase: storagev1alpha1.SnapshotPhasePending, Repository: r.Name, AppRef: u.AppRef.DeepCopy(), Target: u.Target,
		})
	}
}

// lack tells of Snapshots that there will not be, beside what was told before.
func (d *decision) lack(message string) {
	known := metav1alpha1.FindCondition(d.verdict.Status.Conditions, corev1alpha1.ConditionSnapshotsEnsured)
	if known != nil && known.Status == metav1.ConditionFalse && !strings.Contains(known.Message, message) {
		message = known.Message + " " + message
	} else if known != nil && known.Status == metav1.ConditionFalse {
		return
	}
	d.condition(corev1alpha1.ConditionSnapshotsEnsured, false, corev1alpha1.ReasonFailedToEnsureSnapshots, message)
}

// initialStatus names every component from the start, so that the run goes on with these whatever becomes of
// the target and the configuration meanwhile.
func (d *decision) initialStatus(u Unit) storagev1alpha1.SnapshotStatus {
	status := storagev1alpha1.SnapshotStatus{
		TotalComponents:    int32(len(u.Components)),
		VerificationStatus: storagev1alpha1.VerificationStatusNotVerified,
		SnapshotTime:       &d.at,
		Components:         map[string]storagev1alpha1.Component{},
	}
	for _, name := range u.Components {
		status.Components[name] = snapshot.Pending(repository.ComponentPath(d.facts.Session.Spec.Session, name))
	}
	snapshot.Summarize(&status, d.at)
	return status
}

// jobs asks for a pod per component. A single one forgets by itself what retention drops; of several none may,
// because another one may still fail.
func (d *decision) jobs(u Unit) CreateJobs {
	jobs := CreateJobs{
		Target: u.Target, Components: u.Components, Forget: map[string]map[string][]string{}, Drop: map[string][]string{}, Check: map[string]bool{},
	}
	if len(u.Components) == 1 {
		jobs.Forget, jobs.Drop = d.drops(u, func(Repository) bool { return true })
	}
	for _, r := range u.Repositories {
		jobs.Check[r.Name] = firstBackup(r)
	}
	return jobs
}

// drops asks retention what goes from each Repository, and returns the restic ids by component and the Snapshots.
func (d *decision) drops(u Unit, of func(Repository) bool) (forget map[string]map[string][]string, drop map[string][]string) {
	forget, drop = map[string]map[string][]string{}, map[string][]string{}
	for _, r := range u.Repositories {
		if !of(r) {
			continue
		}
		if ids := dropped(r, d.facts.Session.Name, d.now); len(ids) > 0 {
			forget[r.Name] = ids
			drop[r.Name] = dropNames(r, d.facts.Session.Name, d.now)
		}
	}
	return forget, drop
}

// last runs the last step of units with several components, and reports whether it is over or not needed.
func (d *decision) last() bool {
	over := true
	for _, u := range d.facts.Units {
		over = d.lastOf(u) && over
	}
	return over
}

func (d *decision) lastOf(u Unit) bool {
	if len(u.Components) < 2 || u.Finisher.Ended {
		return true
	}
	if u.Finisher.Exists {
		if d.late() {
			d.intend(StopJobs{Names: []string{u.Finisher.Name}})
			return true
		}
		d.verdict.WakeUp = progressInterval
		d.wakeAtDeadline()
		return false
	}
	finish := Finish{Target: u.Target}
	finish.Forget, finish.Drop = d.drops(u, func(r Repository) bool {
		return r.Snapshot != nil && r.Snapshot.Status.Phase == storagev1alpha1.SnapshotPhaseSucceeded
	})
	for _, r := range u.Repositories {
		if r.DocumentsByPod && r.Snapshot != nil {
			finish.Documents = append(finish.Documents, r.Snapshot.Name)
		}
	}
	if len(finish.Forget) == 0 && len(finish.Documents) == 0 {
		return true
	}
	d.intend(finish)
	return false
}

// observe computes a Snapshot's status from the Jobs. It reports whether every component is terminal. What still runs
// is ended when why says why.
func (d *decision) observe(u Unit, r Repository, why string) (storagev1alpha1.SnapshotStatus, bool) {
	status := *r.Snapshot.Status.DeepCopy()
	if snapshot.Completed(status) {
		return status, true
	}
	if status.Components == nil {
		status.Components = map[string]storagev1alpha1.Component{}
	}
	before := maps.Clone(status.Components)
	done, incomplete := true, false
	for _, name := range u.Components {
		component, cut := d.component(u, name, r, before[name], why)
		status.Components[name] = component
		incomplete = incomplete || cut
		if !terminal(component.Phase) {
			done = false
		} else if !terminal(before[name].Phase) {
			d.tell(u.of(name), r.Name, component)
		}
	}
	if incomplete {
		metav1alpha1.SetCondition(&status.Conditions, metav1alpha1.Condition{
			Type: storagev1alpha1.ConditionBackupIncomplete, Status: metav1.ConditionTrue,
			Reason:  storagev1alpha1.ReasonBackupExecutorTerminatedBeforeCompletion,
			Message: firstError(status.Components),
		}, d.at)
	}
	if !reflect.DeepEqual(before, status.Components) {
		snapshot.Summarize(&status, d.at)
	}
	return status, done
}

// component is one component's state; cut is true when its Job ended, or was ended, without telling what became of it.
func (d *decision) component(
	u Unit, name string, r Repository, before storagev1alpha1.Component, why string,
) (c storagev1alpha1.Component, cut bool) {
	if terminal(before.Phase) {
		return before, false
	}
	job := u.Jobs[name]
	outcome, reported := job.Outcomes[r.Name]
	running, works := job.Running[r.Name]
	switch {
	case job.Ended && reported:
		d.remarks(u.of(name), outcome)
		return outcome.Component, false
	case why != "":
		return failed(before, why), true
	case !job.Exists:
		return failed(before, "its Job was deleted before it ended."), true
	case lost(job, d.now):
		return failed(before, fmt.Sprintf(lostMessage, job.Node)), true
	case job.Ended:
		return failed(before, job.Failure), true
	case works:
		return running, false
	default:
		// Between two looks a pod may have ended while its Job has not: what ran doesn't wait again.
		if before.Phase != storagev1alpha1.ComponentPhaseRunning {
			before.Phase = storagev1alpha1.ComponentPhasePending
		}
		return before, false
	}
}

// remarks are worth an event although they change no verdict.
func (d *decision) remarks(component string, o Outcome) {
	if o.Warning != "" {
		d.event(true, EventFilesUnreadable, component+": "+o.Warning)
	}
	for _, lock := range o.LocksRemoved {
		d.event(false, EventStaleLockRemoved, component+": removed the stale lock of "+lock+".")
	}
}

func (d *decision) tell(component, repository string, c storagev1alpha1.Component) {
	if c.Phase == storagev1alpha1.ComponentPhaseFailed {
		d.event(true, EventComponentFailed, fmt.Sprintf("Component %s in Repository %s: %s", component, repository, c.Error))
		return
	}
	d.event(false, EventComponentSucceeded, fmt.Sprintf("Component %s is in Repository %s%s.", component, repository, measure(c)))
}

// pending tells of pods that don't start; it is information, not a failure.
func (d *decision) pending() {
	for _, u := range d.facts.Units {
		for _, name := range u.Components {
			job := u.Jobs[name]
			if job.Waiting == "" || job.Ended || d.now.Before(job.Since.Add(pendingLimit)) {
				continue
			}
			t := corev1alpha1.ConditionPodPendingForLong
			message := fmt.Sprintf("The pod of component %s does not start: %s", u.of(name), job.Waiting)
			if !d.has(t) {
				d.event(true, t, message)
			}
			d.condition(t, true, t, message)
			return
		}
	}
}

func (d *decision) stopJobs() {
	names := slices.Clone(d.facts.Stray)
	for _, u := range d.facts.Units {
		for _, c := range u.Components {
			if j := u.Jobs[c]; j.Exists && !j.Ended {
				names = append(names, j.Name)
			}
		}
	}
	if len(names) > 0 {
		d.intend(StopJobs{Names: names})
	}
}

func (d *decision) wakeAtDeadline() {
	if deadline := d.verdict.Status.BackupDeadline; deadline != nil {
		left := max(deadline.Sub(d.now), time.Second)
		if d.verdict.WakeUp == 0 || left < d.verdict.WakeUp {
			d.verdict.WakeUp = left
		}
	}
}

func (d *decision) mirror(name string, phase storagev1alpha1.SnapshotPhase) {
	for i := range d.verdict.Status.Snapshots {
		known := &d.verdict.Status.Snapshots[i]
		if known.Name != name || known.Phase == storagev1alpha1.SnapshotPhaseRunning && phase == storagev1alpha1.SnapshotPhasePending {
			// What ran doesn't wait again, also before its Snapshot tells that it has run.
			continue
		}
		known.Phase = phase
	}
}

func (d *decision) has(conditionType string) bool {
	return metav1alpha1.HasCondition(d.verdict.Status.Conditions, conditionType)
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
