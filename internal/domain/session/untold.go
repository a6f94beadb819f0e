// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/snapshot"
)

const (
	// untoldLimit and knownLimit bound what a Task carries, and idBegin how much of an id tells it from all others.
	untoldLimit = 20
	knownLimit  = 1000
	idBegin     = 12
)

// Mark is the tag on all that a run stores in a Repository. The UID of the Snapshot object is no other's: not that of a run
// of the same name, nor that of the object which another cluster has made of the same document.
func Mark(snapshot types.UID) string {
	if snapshot == "" {
		return ""
	}
	return "snapshot=" + string(snapshot)
}

// Untold tells a pod how to know what earlier pods have stored and nobody was told of: the marks of the newest runs which
// nobody will hear of any more, as their Snapshots are complete, and of every restic id that the Snapshots of a component
// tell of its beginning. Rather than to know too little, it names no run: what nobody tells of is never forgotten then.
func Untold(past []storagev1alpha1.Snapshot, component string) (marks, known []string) {
	past = slices.Clone(past)
	slices.SortFunc(past, func(a, b storagev1alpha1.Snapshot) int {
		return cmp.Or(b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	for i := range past {
		s := &past[i]
		if snapshot.Completed(s.Status) && s.UID != "" && len(marks) < untoldLimit {
			marks = append(marks, Mark(s.UID))
		}
		for _, stats := range s.Status.Components[component].ResticStats {
			if stats.Summary != nil && stats.Summary.ID != "" {
				known = append(known, stats.Summary.ID[:min(len(stats.Summary.ID), idBegin)])
			}
		}
	}
	if len(known) > knownLimit {
		return nil, nil
	}
	return marks, known
}
