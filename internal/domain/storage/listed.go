// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"cmp"
	"slices"

	"k8s.io/utils/ptr"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// An object may have 1.5 MiB, and each change of a status sends its whole list. So a status lists some of the Repositories, and tells how many
// there are. All of them are in metadata.yaml.
const (
	// listedMost is how many a status lists at most.
	listedMost = 1000
	// listedBytes is how much room they may take. Names, paths and errors are rarely so long that it matters.
	listedBytes = 512 << 10
	// entryBytes is what an entry takes beside its texts.
	entryBytes = 120
)

// room is what is left of a list.
type room struct{ entries, bytes int }

func newRoom() room { return room{listedMost, listedBytes} }

// take reports whether there was room for an entry.
func (r *room) take(entry storagev1alpha1.RepositoryInfo) bool {
	bytes := entryBytes + len(entry.Name) + len(entry.Namespace) + len(entry.Path) + len(ptr.Deref(entry.Error, ""))
	// The first is always listed: an empty list means that nothing is kept here.
	if r.entries < listedMost && (r.entries < 1 || r.bytes < bytes) {
		return false
	}
	r.entries, r.bytes = r.entries-1, r.bytes-bytes
	return true
}

// Listed cuts the list of a status to what it may hold: those with an error first, then by their names, so that a list changes only with what
// is in it. It tells how many there are.
func Listed(status *storagev1alpha1.BackupStorageStatus) {
	all := status.Repositories
	status.RepositoryCount = int32(len(all))
	slices.SortFunc(all, func(a, b storagev1alpha1.RepositoryInfo) int { return cmp.Or(urgency(a)-urgency(b), byName(a, b)) })
	left := newRoom()
	end := slices.IndexFunc(all, func(r storagev1alpha1.RepositoryInfo) bool { return !left.take(r) })
	if end >= 0 {
		all = slices.Clip(all[:end])
	}
	slices.SortFunc(all, byName)
	status.Repositories = all
}

func urgency(r storagev1alpha1.RepositoryInfo) int {
	if r.Synced != nil && !*r.Synced {
		return 0
	}
	return 1
}

// Remember adds Repositories that are not listed yet, as many as there is room for, and reports whether it added any.
func Remember(status *storagev1alpha1.BackupStorageStatus, repositories []storagev1alpha1.RepositoryInfo) bool {
	left, known := newRoom(), map[string]bool{}
	for _, r := range status.Repositories {
		known[identity(r)] = true
		left.take(r)
	}
	before := len(status.Repositories)
	for _, r := range repositories {
		if !known[identity(r)] && left.take(r) {
			status.Repositories = append(status.Repositories, r)
		}
	}
	return len(status.Repositories) > before
}

// Lists says which Repositories a status lists.
func Lists(status storagev1alpha1.BackupStorageStatus) func(storagev1alpha1.RepositoryInfo) bool {
	known := map[string]bool{}
	for _, r := range status.Repositories {
		known[identity(r)] = true
	}
	return func(r storagev1alpha1.RepositoryInfo) bool { return known[identity(r)] }
}
