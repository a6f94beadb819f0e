// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// lostLimit is how long after its time a pod may take to go. A pod that has been told to end and is there a minute
// later is on a node that nobody hears from, and nobody knows when that will change.
const lostLimit = time.Minute

const lostMessage = "its pod is on node %s, which does not answer; the pod was to end more than a minute ago."

// lost reports whether a component's pod will never tell what became of it.
func lost(job Job, now time.Time) bool {
	return !job.Ended && !job.Overdue.IsZero() && now.After(job.Overdue.Add(lostLimit))
}

// late reports whether the run's time is over.
func (d *decision) late() bool {
	deadline := d.facts.Session.Status.BackupDeadline
	return deadline != nil && !d.now.Before(deadline.Time)
}

// lastFailure tells why a last step has left no Report. One whose time is over is stopped: the backups stand, and what
// it has not forgotten is dropped next time.
func (d *decision) lastFailure(last Job) string {
	if !last.Ended {
		return "it did not finish within backupTimeout " + d.timeout() + "."
	}
	return last.Failure
}

// Timeout is how long a BackupSession may take; nil means without a limit. One that somebody made by hand and that says
// nothing has what the configuration says: nobody who set a limit there wants a run without one.
func Timeout(s corev1alpha1.BackupSessionSpec, config *corev1alpha1.SessionConfig) *metav1.Duration {
	if s.BackupTimeout == nil && config != nil {
		return config.BackupTimeout
	}
	return s.BackupTimeout
}

func (d *decision) timeout() string {
	if t := Timeout(d.facts.Session.Spec, d.facts.Config); t != nil {
		return t.Duration.String()
	}
	return ""
}

// giveUp is when the writing of a document is given up. It is counted from the moment at which the document could first
// have been written, the end of the work, and comes no later than the deadline. A document that tells of no data is worth
// little: the verdict of a run that failed doesn't wait for a storage that refuses, or is gone.
func (d *decision) giveUp(u Unit, r Repository, status storagev1alpha1.SnapshotStatus) time.Time {
	end, limit := d.began(), emptyUploadLimit
	for _, c := range u.Components {
		if o, ok := u.Jobs[c].Outcomes[r.Name]; ok && o.Ended.After(end) {
			end = o.Ended
		}
		if slices.ContainsFunc(status.Components[c].ResticStats, func(s storagev1alpha1.ResticStats) bool {
			return s.Summary != nil && s.Summary.ID != ""
		}) {
			limit = uploadLimit
		}
	}
	last := end.Add(limit)
	if deadline := d.verdict.Status.BackupDeadline; deadline != nil && deadline.Time.Before(last) {
		return deadline.Time
	}
	return last
}
