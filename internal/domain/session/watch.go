// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/snapshot"
)

// watch brings the Snapshots up to date with the Jobs and reports whether all are complete and recorded.
func (d *decision) watch() bool {
	why := d.overdue()
	recorded, running := true, false
	for _, u := range d.facts.Units {
		r, w := d.watchUnit(u, why)
		recorded, running = recorded && r, running || w
	}
	d.pending()
	if running {
		d.verdict.WakeUp = progressInterval
		d.wakeAtDeadline()
		return false
	}
	return recorded
}

func (d *decision) watchUnit(u Unit, why string) (recorded, running bool) {
	recorded = true
	for _, r := range u.Repositories {
		if r.Snapshot == nil || r.Snapshot.Status.TotalComponents == 0 {
			d.lose(r.Name)
			continue
		}
		status, done := d.observe(u, r, why)
		running = running || !done
		changed := !sameSnapshot(r.Snapshot.Status, status)
		finished := done && snapshot.Completed(r.Snapshot.Status)
		switch {
		case finished:
		case done:
			recorded = false
			d.intend(RecordSnapshot{
				Name: r.Snapshot.Name, Status: status, Upload: !r.DocumentsByPod, GiveUp: d.giveUp(u, r, status),
			})
		case changed && !d.onlyBegins(status):
			d.intend(RecordSnapshot{Name: r.Snapshot.Name, Status: status})
		}
		if !finished {
			d.mirror(r.Snapshot.Name, status.Phase)
		} else {
			d.mirror(r.Snapshot.Name, r.Snapshot.Status.Phase)
		}
	}
	return recorded, running
}

// onlyBegins reports whether there is nothing to tell of a Snapshot but that its pods have started. The session says so, and the Snapshot
// soon with the first progress: of a backup that has ended by then, it is one write less.
func (d *decision) onlyBegins(status storagev1alpha1.SnapshotStatus) bool {
	for _, c := range status.Components {
		if terminal(c.Phase) || len(c.ResticStats) > 0 {
			return false
		}
	}
	return d.now.Before(d.began().Add(progressInterval))
}

// lose tells of a Snapshot that was deleted while its backup ran.
func (d *decision) lose(repository string) {
	name := SnapshotName(d.facts.Session.Name, repository)
	d.lack(fmt.Sprintf("Snapshot %s was deleted while its backup ran.", name))
	d.mirror(name, storagev1alpha1.SnapshotPhaseFailed)
}
