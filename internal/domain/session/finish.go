// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/retention"
)

// finish applies what is left once every Snapshot is complete and recorded.
func (d *decision) finish() {
	d.retain()
	d.conclude()
}

// conclude cleans up and sets the final condition: the session is over after it. A Job that still runs, after a
// timeout say, must not go on behind a verdict.
func (d *decision) conclude() {
	d.stopJobs()
	if names := d.beyondHistory(); len(names) > 0 {
		d.intend(DropSessions{Names: names})
	}
	d.condition(corev1alpha1.ConditionSessionHistoryCleaned, true, corev1alpha1.ReasonSuccessfullyCleanedSessionHistory, "")
	for _, u := range d.facts.Units {
		d.intend(DropSecret{Target: u.Target})
	}
	s := &d.verdict.Status
	d.condition(corev1alpha1.ConditionMetricsPushed, true, corev1alpha1.ReasonSuccessfullyPushedMetrics, "")
	d.planRetry()
	s.Hooks.Record = nil
	elapsed := d.elapsed()
	s.Duration = elapsed
	if phase := Phase(*s); phase == corev1alpha1.BackupSessionPhaseSucceeded {
		d.event(false, EventBackupSucceeded, "Backup succeeded in "+elapsed+".")
	} else {
		d.event(true, EventBackupFailed, "Backup failed: "+Failure(*s, d.facts.Units))
	}
}

// retain records what the pods have forgotten and deletes the Snapshots that are gone with it.
func (d *decision) retain() {
	d.verdict.Status.RetentionPolicies = nil
	var drop []string
	for _, u := range d.facts.Units {
		for _, r := range u.Repositories {
			drop = append(drop, d.retainIn(u, r)...)
		}
	}
	if len(drop) > 0 {
		d.intend(DropSnapshots{Names: drop})
	}
	d.condition(corev1alpha1.ConditionRetentionPolicyExecutorEnsured, true,
		corev1alpha1.ReasonSuccessfullyEnsuredRetentionPolicyExecutor, "")
}

// retainIn records how retention went in one Repository, and names the Snapshots that go.
func (d *decision) retainIn(u Unit, r Repository) []string {
	if r.PolicyRef.Name == "" {
		return nil // taken out of the configuration while the backup ran: nobody says what may go
	}
	entry := corev1alpha1.RetentionPolicyApplyStatus{
		Ref: r.PolicyRef, Repository: r.Name, Phase: corev1alpha1.RetentionPolicyApplyPhaseApplied,
	}
	gone, problems := forgotten(u, r)
	switch {
	case r.Policy == nil:
		entry.Phase = corev1alpha1.RetentionPolicyApplyPhaseFailed
		entry.Error = fmt.Sprintf("RetentionPolicy %s/%s doesn't exist; every Snapshot was kept.", r.PolicyRef.Namespace, r.PolicyRef.Name)
	case len(problems) > 0:
		entry.Phase = corev1alpha1.RetentionPolicyApplyPhaseFailed
		entry.Error = strings.Join(problems, "; ")
	}
	if entry.Phase == corev1alpha1.RetentionPolicyApplyPhaseFailed {
		d.event(true, EventRetentionNotApplied, "Repository "+r.Name+": "+entry.Error)
	}
	names := expired(r, d.facts.Session.Name, gone, d.now)
	if len(names) > 0 {
		d.event(false, EventRetentionApplied, fmt.Sprintf("Repository %s: dropped %s.", r.Name, strings.Join(names, ", ")))
	}
	d.verdict.Status.RetentionPolicies = append(d.verdict.Status.RetentionPolicies, entry)
	return names
}

// forgotten collects the restic ids that are gone from a Repository, and why others are not.
func forgotten(u Unit, r Repository) (gone map[string]bool, problems []string) {
	gone = map[string]bool{}
	take := func(who string, o Outcome) {
		for _, id := range o.Forgotten {
			gone[id] = true
		}
		if o.ForgetError != "" {
			problems = append(problems, who+": "+o.ForgetError)
		}
	}
	for _, component := range u.Components {
		take(component, u.Jobs[component].Outcomes[r.Name])
	}
	if last := u.Finisher; last.Exists {
		take("the last step", last.Outcomes[r.Name])
		if last.Outcomes == nil {
			problems = append(problems, "the last step: "+last.Failure)
		}
	}
	return gone, problems
}

// dropped asks retention which past Snapshots go if this backup succeeds, and returns their restic ids by
// component.
func dropped(r Repository, session string, now time.Time) map[string][]string {
	out := map[string][]string{}
	for _, name := range dropNames(r, session, true, now) {
		for component, ids := range idsOf(r, name) {
			out[component] = append(out[component], ids...)
		}
	}
	for component := range out {
		slices.Sort(out[component])
	}
	return out
}

// expired names the Snapshots that go now: those that retention drops and of which no data is left.
func expired(r Repository, session string, gone map[string]bool, now time.Time) []string {
	succeeded := r.Snapshot != nil && r.Snapshot.Status.Phase == storagev1alpha1.SnapshotPhaseSucceeded
	var names []string
	for _, name := range dropNames(r, session, succeeded, now) {
		left := false
		for _, ids := range idsOf(r, name) {
			left = left || slices.ContainsFunc(ids, func(id string) bool { return !gone[id] })
		}
		if !left {
			names = append(names, name)
		}
	}
	return names
}

// dropNames names what goes: what retention drops, and what a user has deleted together with its data, which
// only a pod can forget. A Snapshot that is being deleted without its data is nobody's business any more.
func dropNames(r Repository, session string, succeeds bool, now time.Time) []string {
	var names []string
	if r.Policy == nil {
		return names
	}
	this := SnapshotName(session, r.Name)
	list := []retention.Snapshot{{Name: this, Time: now, Failed: !succeeds}}
	for _, s := range r.Past {
		if !s.DeletionTimestamp.IsZero() {
			if s.Spec.DeletionPolicy == storagev1alpha1.DeletionPolicyWipeOut {
				names = append(names, s.Name)
			}
			continue
		}
		if s.Status.Phase != storagev1alpha1.SnapshotPhaseSucceeded && s.Status.Phase != storagev1alpha1.SnapshotPhaseFailed {
			continue
		}
		at := s.CreationTimestamp.Time
		if s.Status.SnapshotTime != nil {
			at = s.Status.SnapshotTime.Time
		}
		list = append(list, retention.Snapshot{
			Name: s.Name, Time: at, Failed: s.Status.Phase == storagev1alpha1.SnapshotPhaseFailed,
		})
	}
	for _, decided := range retention.Decide(list, *r.Policy, now) {
		if !decided.Keep && decided.Name != this {
			names = append(names, decided.Name)
		}
	}
	return names
}

func idsOf(r Repository, name string) map[string][]string {
	out := map[string][]string{}
	for _, s := range r.Past {
		if s.Name != name {
			continue
		}
		for component, c := range s.Status.Components {
			for _, stats := range c.ResticStats {
				if stats.Summary != nil && stats.Summary.ID != "" {
					out[component] = append(out[component], stats.Summary.ID)
				}
			}
		}
	}
	return out
}

func firstBackup(r Repository) bool {
	return !slices.ContainsFunc(r.Past, func(s storagev1alpha1.Snapshot) bool {
		return s.Status.Phase == storagev1alpha1.SnapshotPhaseSucceeded
	})
}
