// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"slices"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
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

func firstBackup(r Repository) bool {
	return !slices.ContainsFunc(r.Past, func(s storagev1alpha1.Snapshot) bool {
		return s.Status.Phase == storagev1alpha1.SnapshotPhaseSucceeded
	})
}
