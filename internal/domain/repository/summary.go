// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/size"
)

// Summary is what a Repository's Snapshots amount to.
type Summary struct {
	SnapshotCount int32
	// Recent are the newest Snapshots, newest first, at most storagev1alpha1.RecentSnapshotsLimit.
	Recent []storagev1alpha1.SnapshotInfo
	// LastBackup is the time of the newest Snapshot that succeeded; nil when none did.
	LastBackup *metav1.Time
	// Bytes is what the restic repositories occupy: each counts once, as its newest Snapshot that succeeded saw it.
	Bytes int64
	// Integrity is true when the last check of every restic repository found it whole; nil when none was checked.
	Integrity *bool
	// ComponentPaths are the restic repositories, relative to the Repository's path, sorted.
	ComponentPaths []string
}

// Summarize reads the Snapshots of one Repository, in any order. Those that are being deleted don't count.
func Summarize(snapshots []storagev1alpha1.Snapshot) Summary {
	standing := slices.DeleteFunc(slices.Clone(snapshots), func(s storagev1alpha1.Snapshot) bool {
		return !s.DeletionTimestamp.IsZero()
	})
	slices.SortFunc(standing, newestFirst)

	out := Summary{SnapshotCount: int32(len(standing))} //nolint:gosec // The API server holds fewer objects than that.
	out.Integrity = Integrity(standing, storagev1alpha1.RepositoryStatus{})
	sized, paths := map[string]bool{}, map[string]bool{}
	for i := range standing {
		s := &standing[i]
		if i < storagev1alpha1.RecentSnapshotsLimit {
			out.Recent = append(out.Recent, info(s))
		}
		succeeded := s.Status.Phase == storagev1alpha1.SnapshotPhaseSucceeded
		if succeeded && out.LastBackup == nil {
			out.LastBackup = ptr.To(metav1.NewTime(takenAt(s)))
		}
		for name, c := range s.Status.Components {
			where := s.Spec.Session + "/" + name
			if c.Path != "" {
				paths[c.Path] = true
			}
			if bytes, known := componentBytes(c); known && succeeded && !sized[where] {
				sized[where] = true
				out.Bytes += bytes
			}
		}
	}
	for p := range paths {
		out.ComponentPaths = append(out.ComponentPaths, p)
	}
	slices.Sort(out.ComponentPaths)
	return out
}

// newestFirst breaks ties by name, so that the order doesn't change between passes.
func newestFirst(a, b storagev1alpha1.Snapshot) int {
	return cmp.Or(takenAt(&b).Compare(takenAt(&a)), cmp.Compare(b.Name, a.Name))
}

// takenAt falls back on the creation of the object: a Snapshot that has not started has no time of its own.
func takenAt(s *storagev1alpha1.Snapshot) time.Time {
	if t := s.Status.SnapshotTime; t != nil {
		return t.Time
	}
	return s.CreationTimestamp.Time
}

func info(s *storagev1alpha1.Snapshot) storagev1alpha1.SnapshotInfo {
	return storagev1alpha1.SnapshotInfo{
		Name:         s.Name,
		Phase:        s.Status.Phase,
		Session:      s.Spec.Session,
		Size:         s.Status.Size,
		SizeBytes:    clone(s.Status.SizeBytes),
		SnapshotTime: s.Status.SnapshotTime.DeepCopy(),
	}
}

// componentBytes prefers the integer: the text is rounded, and old documents have only that.
func componentBytes(c storagev1alpha1.Component) (int64, bool) {
	if c.SizeBytes != nil {
		return *c.SizeBytes, true
	}
	if c.Size == "" {
		return 0, false
	}
	bytes, err := size.Parse(c.Size)
	return bytes, err == nil
}

func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	return ptr.To(*p)
}
