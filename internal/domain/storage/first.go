// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package storage

import storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"

// Earlier are those of others that were there before s. Where two want what only one can have, the later one yields; but one that
// holds Repositories was there before one that holds none, as it can't have moved.
func Earlier(s *storagev1alpha1.BackupStorage, others []storagev1alpha1.BackupStorage) []storagev1alpha1.BackupStorage {
	var out []storagev1alpha1.BackupStorage
	for i := range others {
		if o := &others[i]; isBefore(o, s) {
			out = append(out, *o)
		}
	}
	return out
}

func isBefore(a, b *storagev1alpha1.BackupStorage) bool {
	if holdsA, holdsB := len(a.Status.Repositories) > 0, len(b.Status.Repositories) > 0; holdsA != holdsB {
		return holdsA
	}
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Namespace+"/"+a.Name < b.Namespace+"/"+b.Name
}
