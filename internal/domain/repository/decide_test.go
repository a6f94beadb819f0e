// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"testing"

	"k8s.io/utils/ptr"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// The first backup of a repository checks it; the Snapshots that come later don't, and retention drops the first.
func TestTheLastCheckIsRemembered(t *testing.T) {
	for name, tc := range map[string]struct {
		before *bool
		checks []*bool
		want   *bool
	}{
		"nothing was ever checked":               {checks: []*bool{nil}, want: nil},
		"the Snapshot that was checked is gone":  {before: ptr.To(true), checks: []*bool{nil}, want: ptr.To(true)},
		"a later check that finds damage counts": {before: ptr.To(true), checks: []*bool{ptr.To(false)}, want: ptr.To(false)},
	} {
		t.Run(name, func(t *testing.T) {
			f := Facts{Status: storagev1alpha1.RepositoryStatus{Integrity: tc.before}, StorageFound: true, StorageAllowed: true, StorageReady: true}
			for _, check := range tc.checks {
				s := storagev1alpha1.Snapshot{}
				s.Spec.Session = "nightly"
				s.Status.Phase = storagev1alpha1.SnapshotPhaseSucceeded
				s.Status.Components = map[string]storagev1alpha1.Component{"dump": {Path: ComponentPath("nightly", "dump"), Integrity: check}}
				f.Snapshots = append(f.Snapshots, s)
			}
			got := Decide(f).Status.Integrity
			if ptr.Deref(got, false) != ptr.Deref(tc.want, false) || (got == nil) != (tc.want == nil) {
				t.Errorf("got integrity %v, want %v", got, tc.want)
			}
		})
	}
}
