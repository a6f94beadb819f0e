// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package maintenance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/size"
	"kubestash.com/kubestash/internal/engine"
)

// repairAdvice is what to do about damage. It costs nobody's data.
const repairAdvice = "Until a check finds it whole, retention drops nothing, nothing is pruned, and backups into it count as failed. " +
	"Keep a copy of the data, find out more with restic check --read-data, and mend it with restic repair; " +
	"then change the annotation " + metav1alpha1.AnnotationMaintain + " of the Repository to have it checked again."

// record turns the outcome of a Job into status, conditions and events.
func (d *decision) record(job Job) {
	s := &d.verdict.Status
	s.CompletionTime, s.Phase, s.Message = &d.at, storagev1alpha1.MaintenancePhaseSucceeded, ""
	for _, r := range job.Results {
		d.entry(r)
		for _, lock := range r.LocksRemoved {
			d.event(false, EventStaleLockRemoved, r.Path+": removed the stale lock of "+lock+".")
		}
	}
	s.Repositories = slices.DeleteFunc(s.Repositories, func(m storagev1alpha1.MaintainedRepository) bool {
		return len(d.facts.Paths) > 0 && !slices.Contains(d.facts.Paths, m.Path)
	})
	if job.Results == nil {
		s.Phase, s.Message = storagev1alpha1.MaintenancePhaseFailed, cmp.Or(job.Failure, "no reason is known.")
	}
	if job.Check {
		d.recordCheck(job)
	}
	if job.Prune {
		d.recordPrune(job)
	}
}

func (d *decision) entry(r Result) {
	s := &d.verdict.Status
	i := slices.IndexFunc(s.Repositories, func(m storagev1alpha1.MaintainedRepository) bool { return m.Path == r.Path })
	if i < 0 {
		s.Repositories = append(s.Repositories, storagev1alpha1.MaintainedRepository{Path: r.Path})
		slices.SortFunc(s.Repositories, func(a, b storagev1alpha1.MaintainedRepository) int { return cmp.Compare(a.Path, b.Path) })
		i = slices.IndexFunc(s.Repositories, func(m storagev1alpha1.MaintainedRepository) bool { return m.Path == r.Path })
	}
	m := &s.Repositories[i]
	if r.Integrity != nil {
		m.Integrity, m.LastCheckTime = ptr.To(*r.Integrity), &d.at
	}
	if r.Pruned {
		m.LastPruneTime, m.FreedBytes = &d.at, r.FreedBytes
	}
	m.Error = failure(r)
	if m.Error != "" {
		s.Phase = storagev1alpha1.MaintenancePhaseFailed
		if s.Message == "" {
			s.Message = r.Path + ": " + m.Error
		}
	}
}

func failure(r Result) string {
	if r.Class == "" {
		return ""
	}
	return fmt.Sprintf("%s: %s", r.Class, r.Message)
}

func (d *decision) recordCheck(job Job) {
	var damaged, unknown []string
	for _, r := range job.Results {
		switch {
		case r.Integrity != nil && !*r.Integrity:
			damaged = append(damaged, r.Path+" ("+r.Message+")")
		case r.Integrity == nil && r.Class != "":
			unknown = append(unknown, r.Path+" ("+failure(r)+")")
		}
	}
	c := metav1alpha1.Condition{
		Type: storagev1alpha1.ConditionIntegrityVerified, Status: metav1.ConditionTrue, Reason: storagev1alpha1.ReasonCheckSucceeded,
		Message: "The check found " + restics(len(job.Results)) + " whole" + reading(d.verdict.Status.Check.ReadDataSubset) + ".",
	}
	switch {
	case len(damaged) > 0:
		c.Status, c.Reason = metav1.ConditionFalse, storagev1alpha1.ReasonDamageFound
		c.Message = "The check found damage: " + some(damaged) + " " + repairAdvice
	case len(unknown) > 0 || job.Results == nil:
		// Nobody could look: what was known before still holds where it was bad.
		if d.damaged() {
			return
		}
		c.Status, c.Reason = metav1.ConditionUnknown, storagev1alpha1.ReasonCheckFailed
		c.Message = "The data could not be checked: " + some(unknown, job.Failure) + advise(job) + " It is tried again at the next time."
	default:
		d.verdict.Status.Check.LastSuccessfulTime = &d.at
	}
	d.condition(c)
}

func (d *decision) recordPrune(job Job) {
	s := &d.verdict.Status
	var failed []string
	var freed int64
	known, pruned := true, 0
	for _, r := range job.Results {
		switch {
		case r.Pruned:
			pruned++
			known = known && r.FreedBytes != nil
			freed += ptr.Deref(r.FreedBytes, 0)
		case r.Class != "":
			failed = append(failed, r.Path+" ("+failure(r)+")")
		}
	}
	c := metav1alpha1.Condition{
		Type: storagev1alpha1.ConditionRepositoryPruned, Status: metav1.ConditionTrue, Reason: storagev1alpha1.ReasonPruneSucceeded,
		Message: "Pruned " + restics(pruned) + ".",
	}
	if len(failed) > 0 || job.Results == nil {
		c.Status, c.Reason = metav1.ConditionFalse, storagev1alpha1.ReasonPruneFailed
		c.Message = "The data could not be pruned: " + some(failed, job.Failure) + advise(job) + " It is tried again at the next time."
		d.condition(c)
		return
	}
	s.Prune.LastSuccessfulTime, s.Prune.Freed, s.Prune.FreedBytes = &d.at, "", nil
	if known {
		s.Prune.Freed, s.Prune.FreedBytes = size.Format(freed), &freed
		c.Message = "Pruned " + restics(pruned) + " and freed " + s.Prune.Freed + "."
	}
	d.condition(c)
}

// condition is set also when only its message is new: each maintenance is told.
func (d *decision) condition(c metav1alpha1.Condition) {
	c.ObservedGeneration = d.facts.Generation
	metav1alpha1.SetCondition(&d.verdict.Conditions, c, d.at)
}

// advise says what to do about the failures that a setting cures.
func advise(job Job) string {
	memory := strings.Contains(job.Failure, "exit code 137")
	locked := false
	for _, r := range job.Results {
		memory = memory || r.Class == engine.ClassOutOfMemory
		locked = locked || r.Class == engine.ClassLocked
	}
	switch {
	case memory:
		return " Raise maintenance.resources.limits.memory, of the Repository or its BackupStorage."
	case locked:
		return " Somebody else holds the repository; a lock of a pod that is gone is removed by the next run."
	case strings.Contains(job.Failure, "deadline"):
		return " Raise maintenance.timeout, or limit maintenance.prune.maxRepackSize."
	default:
		return ""
	}
}

func reading(subset string) string {
	if subset == "" {
		return ""
	}
	return ", reading " + subset + " of the data"
}

func restics(n int) string {
	if n == 1 {
		return "1 restic repository"
	}
	return fmt.Sprintf("%d restic repositories", n)
}

// some names the first of many.
func some(list []string, otherwise ...string) string {
	const limit = 3
	if len(list) == 0 {
		return strings.Join(otherwise, " ")
	}
	if len(list) <= limit {
		return strings.Join(list, ", ") + "."
	}
	return fmt.Sprintf("%s, and %d more.", strings.Join(list[:limit], ", "), len(list)-limit)
}
