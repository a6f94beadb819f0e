// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/retention"
	"kubestash.com/kubestash/internal/domain/snapshot"
)

const (
	// wipedByUser is why a Snapshot goes that a user has deleted together with its data.
	wipedByUser = "deleted by a user, with its data"
	// notForgotten is added to why a Snapshot goes while a pod has yet to forget its data.
	notForgotten = "; its data goes with the next backup that succeeds"
	// locked is added to why a Snapshot goes whose pod was killed: it may have left a lock, only its Snapshot tells whose
	// that is, and only a run that succeeds has removed it.
	locked = "; it goes with the next backup that succeeds, as its pod was killed and may have left a lock"
)

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
	gone, problems := d.forgotten(u, r)
	entry := d.retained(r, gone)
	if problem := retentionProblem(r, problems); problem != "" {
		entry.Phase, entry.Error = corev1alpha1.RetentionPolicyApplyPhaseFailed, problem
		d.event(true, EventRetentionNotApplied, "Repository "+r.Name+": "+problem)
	}
	if len(entry.Dropped) > 0 {
		d.event(false, EventRetentionApplied, fmt.Sprintf("Repository %s: dropped %s; kept %d.", r.Name, reasons(entry.Dropped), *entry.KeptCount))
	}
	var drop []string
	for _, goes := range entry.Dropped {
		drop = append(drop, goes.Name)
	}
	shorten(&entry)
	d.verdict.Status.RetentionPolicies = append(d.verdict.Status.RetentionPolicies, entry)
	return drop
}

func retentionProblem(r Repository, problems []string) string {
	switch {
	case r.Policy == nil:
		return fmt.Sprintf("RetentionPolicy %s/%s doesn't exist; every Snapshot was kept.", r.PolicyRef.Namespace, r.PolicyRef.Name)
	case r.HoldBack != "":
		return "Every Snapshot was kept: " + r.HoldBack
	default:
		return strings.Join(problems, "; ")
	}
}

// retained tells of every Snapshot of the session whether it stays, and why. One of which a pod has yet to forget some
// data stays until then.
func (d *decision) retained(r Repository, gone map[string]bool) corev1alpha1.RetentionPolicyApplyStatus {
	entry := corev1alpha1.RetentionPolicyApplyStatus{
		Ref: r.PolicyRef, Repository: r.Name, Phase: corev1alpha1.RetentionPolicyApplyPhaseApplied,
	}
	succeeded := r.Snapshot != nil && r.Snapshot.Status.Phase == storagev1alpha1.SnapshotPhaseSucceeded
	for _, decided := range judge(r, d.facts.Session.Name, succeeded, d.now) {
		told := corev1alpha1.RetentionDecision{Name: decided.Name, Reason: strings.Join(decided.Reasons, ", ")}
		switch {
		case decided.Keep:
			entry.Kept = append(entry.Kept, told)
		case holdsMore(r, decided.Name, gone):
			told.Reason += notForgotten
			entry.Kept = append(entry.Kept, told)
		case !succeeded && wasCut(r, decided.Name):
			told.Reason += locked
			entry.Kept = append(entry.Kept, told)
		default:
			entry.Dropped = append(entry.Dropped, told)
		}
	}
	kept, dropped := int32(len(entry.Kept)), int32(len(entry.Dropped)) //nolint:gosec // The API server holds fewer objects than that.
	entry.KeptCount, entry.DroppedCount = &kept, &dropped
	return entry
}

func holdsMore(r Repository, name string, gone map[string]bool) bool {
	for _, ids := range idsOf(r, name) {
		if slices.ContainsFunc(ids, func(id string) bool { return !gone[id] }) {
			return true
		}
	}
	return false
}

func wasCut(r Repository, name string) bool {
	return slices.ContainsFunc(r.Past, func(s storagev1alpha1.Snapshot) bool {
		return s.Name == name && metav1alpha1.IsConditionTrue(s.Status.Conditions, storagev1alpha1.ConditionBackupIncomplete)
	})
}

func shorten(entry *corev1alpha1.RetentionPolicyApplyStatus) {
	const limit = corev1alpha1.RetentionDecisionsLimit
	entry.Kept, entry.Dropped = entry.Kept[:min(len(entry.Kept), limit)], entry.Dropped[:min(len(entry.Dropped), limit)]
}

func reasons(decisions []corev1alpha1.RetentionDecision) string {
	var told []string
	for _, decided := range decisions {
		told = append(told, decided.Name+" ("+decided.Reason+")")
	}
	return strings.Join(told, ", ")
}

// forgotten collects the restic ids that are gone from a Repository, and why others are not.
func (d *decision) forgotten(u Unit, r Repository) (gone map[string]bool, problems []string) {
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
			problems = append(problems, "the last step: "+d.lastFailure(last))
		}
	}
	return gone, problems
}

// dropped asks retention which past Snapshots go if this backup succeeds, and returns their restic ids by
// component.
func dropped(r Repository, session string, now time.Time) map[string][]string {
	out := map[string][]string{}
	for _, name := range dropNames(r, session, now) {
		for component, ids := range idsOf(r, name) {
			out[component] = append(out[component], ids...)
		}
	}
	for component := range out {
		slices.Sort(out[component])
	}
	return out
}

// dropNames names the Snapshots that go if this backup succeeds.
func dropNames(r Repository, session string, now time.Time) []string {
	return slices.DeleteFunc(retention.Dropped(judge(r, session, true, now)), func(name string) bool {
		return name == SnapshotName(session, r.Name)
	})
}

// judge decides on all Snapshots of a session: by the policy, and by what a user has deleted together with its data,
// which only a pod can forget. A Snapshot that is being deleted without its data, or whose data is forgotten already, is
// nobody's business any more. Without a policy, or while something holds retention back, nothing is judged.
func judge(r Repository, session string, succeeds bool, now time.Time) []retention.Decision {
	if r.Policy == nil || r.HoldBack != "" {
		return nil
	}
	this := SnapshotName(session, r.Name)
	var decisions []retention.Decision
	list := []retention.Snapshot{{Name: this, Time: now, Failed: !succeeds}}
	for _, s := range r.Past {
		switch {
		case s.DeletionTimestamp.IsZero(), droppedMeanwhile(r, s):
			list = append(list, pastSnapshot(r, s))
		case snapshot.Forgotten(&s):
		case s.Spec.DeletionPolicy == storagev1alpha1.DeletionPolicyWipeOut:
			decisions = append(decisions, retention.Decision{Name: s.Name, Reasons: []string{wipedByUser}})
		}
	}
	decisions = append(decisions, retention.Decide(list, *r.Policy, now)...)
	for i := range decisions {
		if decisions[i].Name == this && !decisions[i].Keep {
			decisions[i].Keep, decisions[i].Reasons = true, []string{"made by this run"}
		}
	}
	return decisions
}

// droppedMeanwhile tells of a Snapshot which this very run has dropped, before its operator could write that down. Both
// times are the API server's.
func droppedMeanwhile(r Repository, s storagev1alpha1.Snapshot) bool {
	return snapshot.Forgotten(&s) && r.Snapshot != nil && !s.DeletionTimestamp.Before(&r.Snapshot.CreationTimestamp)
}

func pastSnapshot(r Repository, s storagev1alpha1.Snapshot) retention.Snapshot {
	return retention.Snapshot{
		Name: s.Name, Time: takenAt(&s), Hold: r.Holds[s.Name],
		Failed:     s.Status.Phase == storagev1alpha1.SnapshotPhaseFailed,
		Unfinished: s.Status.Phase != storagev1alpha1.SnapshotPhaseSucceeded && s.Status.Phase != storagev1alpha1.SnapshotPhaseFailed,
		Verified:   s.Status.VerificationStatus == storagev1alpha1.VerificationStatusVerified,
	}
}

func takenAt(s *storagev1alpha1.Snapshot) time.Time {
	if s.Status.SnapshotTime != nil {
		return s.Status.SnapshotTime.Time
	}
	return s.CreationTimestamp.Time
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
