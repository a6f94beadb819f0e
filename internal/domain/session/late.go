// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import "time"

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
		return "it did not finish within backupTimeout " + timeoutOf(d.facts.Session) + "."
	}
	return last.Failure
}
