// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"slices"
	"time"

	"k8s.io/utils/ptr"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// Integrity is true when the last check of every restic repository found it whole, false when that of one didn't, and
// nil when none was checked. Backups check, and so does maintenance; whichever was the last counts. A check that nobody
// tells of any more is still the last one that was made.
func Integrity(snapshots []storagev1alpha1.Snapshot, status storagev1alpha1.RepositoryStatus) *bool {
	type check struct {
		at    time.Time
		whole bool
	}
	last := map[string]check{}
	take := func(path string, at time.Time, whole *bool) {
		if whole != nil && !at.Before(last[path].at) {
			last[path] = check{at, *whole}
		}
	}
	standing := slices.DeleteFunc(slices.Clone(snapshots), func(s storagev1alpha1.Snapshot) bool { return !s.DeletionTimestamp.IsZero() })
	slices.SortFunc(standing, newestFirst)
	for i := range slices.Backward(standing) {
		for name, c := range standing[i].Status.Components {
			path := c.Path
			if path == "" {
				path = ComponentPath(standing[i].Spec.Session, name)
			}
			take(path, takenAt(&standing[i]), c.Integrity)
		}
	}
	if m := status.Maintenance; m != nil {
		for _, r := range m.Repositories {
			if r.LastCheckTime != nil {
				take(r.Path, r.LastCheckTime.Time, r.Integrity)
			}
		}
	}
	if len(last) == 0 {
		return status.Integrity
	}
	all := true
	for _, c := range last {
		all = all && c.whole
	}
	return ptr.To(all)
}
