// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

func TestUntold(t *testing.T) {
	at := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	past := func(n int, complete bool, ids ...string) storagev1alpha1.Snapshot {
		s := storagev1alpha1.Snapshot{ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("s-%d", n), UID: types.UID(fmt.Sprintf("uid-%d", n)), CreationTimestamp: metav1.NewTime(at.Add(time.Duration(n) * time.Hour)),
		}}
		if complete {
			s.Status.Conditions = []metav1alpha1.Condition{{Type: storagev1alpha1.ConditionSnapshotMetadataUploaded, Status: metav1.ConditionFalse}}
		}
		s.Status.Components = map[string]storagev1alpha1.Component{"other": {
			ResticStats: []storagev1alpha1.ResticStats{{Summary: &storagev1alpha1.ResticSummary{ID: "of-another-component"}}},
		}}
		c := storagev1alpha1.Component{}
		for _, id := range ids {
			c.ResticStats = append(c.ResticStats, storagev1alpha1.ResticStats{Summary: &storagev1alpha1.ResticSummary{ID: id}})
		}
		s.Status.Components["dump"] = c
		return s
	}
	long := strings.Repeat("0123456789abcdef", 4)
	var many, full []storagev1alpha1.Snapshot
	for n := range untoldLimit + 5 {
		many = append(many, past(n, true))
	}
	for n := range knownLimit + 1 {
		full = append(full, past(n, true, long))
	}
	for sentence, c := range map[string]struct {
		past         []storagev1alpha1.Snapshot
		marks, known []string
	}{
		"nobody was there": {nil, nil, nil},
		"a run that is over and told nothing has a mark": {[]storagev1alpha1.Snapshot{past(1, true)}, []string{"snapshot=uid-1"}, nil},
		"a run that may yet tell has none, and what it tells is known": {
			[]storagev1alpha1.Snapshot{past(1, false, long)}, nil, []string{"0123456789ab"}},
		"the newest is first": {
			[]storagev1alpha1.Snapshot{past(1, true), past(2, true, long)}, []string{"snapshot=uid-2", "snapshot=uid-1"}, []string{"0123456789ab"}},
		"a path that was begun has no id":                                             {[]storagev1alpha1.Snapshot{past(1, true, "")}, []string{"snapshot=uid-1"}, nil},
		"more than a Task carries: what is known is known of all, so no run is named": {full, nil, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			marks, known := Untold(c.past, "dump")
			if !slices.Equal(marks, c.marks) || !slices.Equal(known, c.known) {
				t.Errorf("got marks %q and ids %q, want %q and %q", marks, known, c.marks, c.known)
			}
		})
	}
	if marks, _ := Untold(many, "dump"); len(marks) != untoldLimit || marks[0] != fmt.Sprintf("snapshot=uid-%d", len(many)-1) {
		t.Errorf("of %d runs these are named: %q", len(many), marks)
	}
	if Mark("") != "" {
		t.Error("a Snapshot that is not there has a mark")
	}
}
