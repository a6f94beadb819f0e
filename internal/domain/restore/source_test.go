// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restore

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func snapshotOf(name string, at time.Time, phase storagev1alpha1.SnapshotPhase) storagev1alpha1.Snapshot {
	s := storagev1alpha1.Snapshot{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: storagev1alpha1.SnapshotSpec{Repository: "repo"}}
	s.Status.Phase, s.Status.SnapshotTime = phase, &metav1.Time{Time: at}
	return s
}

func TestChooseSnapshot(t *testing.T) {
	const ok, failed = storagev1alpha1.SnapshotPhaseSucceeded, storagev1alpha1.SnapshotPhaseFailed
	history := []storagev1alpha1.Snapshot{
		snapshotOf("newest", noon, ok), snapshotOf("oldest", noon.Add(-2*time.Hour), ok),
		snapshotOf("failed", noon.Add(time.Minute), failed), snapshotOf("middle", noon.Add(-time.Hour), ok),
		snapshotOf("running", noon.Add(time.Hour), storagev1alpha1.SnapshotPhaseRunning),
	}
	deleted, foreign := snapshotOf("deleted", noon.Add(time.Hour), ok), snapshotOf("foreign", noon.Add(time.Hour), ok)
	deleted.DeletionTimestamp = &metav1.Time{Time: noon}
	foreign.Spec.Repository = "another"
	history = append(history, deleted, foreign)
	soon, far := snapshotOf("soon", noon.Add(time.Minute), ok), snapshotOf("far", noon.Add(48*time.Hour), ok)
	ahead := snapshotOf("ahead", noon.Add(24*time.Hour), ok)
	and := func(more ...storagev1alpha1.Snapshot) []storagev1alpha1.Snapshot {
		return append(slices.Clone(history), more...)
	}
	pitr := func(at time.Time, exclusive bool) *corev1alpha1.PITR {
		return &corev1alpha1.PITR{TargetTime: &metav1.Time{Time: at}, Exclusive: exclusive}
	}
	for sentence, c := range map[string]struct {
		pitr    *corev1alpha1.PITR
		history []storagev1alpha1.Snapshot
		want    string
		says    []string
	}{
		"latest is the newest that succeeded":          {nil, history, "newest", nil},
		"a point in time takes the newest before it":   {pitr(noon.Add(-time.Minute), false), history, "middle", nil},
		"a point in time takes what is exactly then":   {pitr(noon.Add(-time.Hour), false), history, "middle", nil},
		"exclusive leaves out what is exactly then":    {pitr(noon.Add(-time.Hour), true), history, "oldest", nil},
		"parts of a second don't count":                {pitr(noon.Add(-time.Hour-time.Millisecond), false), history, "oldest", nil},
		"a point in the future is now":                 {pitr(noon.Add(24*time.Hour), false), history, "newest", nil},
		"one from the future isn't the latest":         {nil, and(ahead), "newest", nil},
		"nor is it for a point in the future":          {pitr(noon.Add(36*time.Hour), false), and(far, ahead), "newest", nil},
		"whichever comes first":                        {nil, append([]storagev1alpha1.Snapshot{far, ahead}, history...), "newest", nil},
		"clocks that differ by a minute are no future": {nil, and(soon), "soon", nil},
		"with nothing but the future, the nearest":     {nil, []storagev1alpha1.Snapshot{far, ahead}, "ahead", nil},
		"nothing is that old: the oldest is named":     {pitr(noon.Add(-3*time.Hour), false), history, "", []string{"at or before 2026-11-23T09:00:00Z", "nothing to restore", "oldest of 2026-11-23T10:00:00Z"}},
		"exclusive, and the oldest is exactly then":    {pitr(noon.Add(-2*time.Hour), true), history, "", []string{"before 2026-11-23T10:00:00Z", "oldest of"}},
		"a Repository in which nothing ever succeeded": {pitr(noon, false), history[2:3], "", []string{"has no Snapshot that succeeded", "nothing to restore"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, problem := ChooseSnapshot(corev1alpha1.RestoreDataSource{Repository: "repo", PITR: c.pitr}, c.history, noon)
			if (got == nil) != (c.want == "") || got != nil && got.Name != c.want {
				t.Errorf("got %+v, want %q", got, c.want)
			}
			if (problem == "") != (c.want != "") {
				t.Errorf("got problem %q", problem)
			}
			for _, words := range c.says {
				if !strings.Contains(problem, words) {
					t.Errorf("%q doesn't say %q", problem, words)
				}
			}
		})
	}
}

func TestCheckSnapshot(t *testing.T) {
	whole := func(change func(*storagev1alpha1.Snapshot)) *storagev1alpha1.Snapshot {
		s := snapshotOf("snap", noon, storagev1alpha1.SnapshotPhaseSucceeded)
		s.Status.TotalComponents = 1
		s.Status.Components = map[string]storagev1alpha1.Component{"dump": {Phase: storagev1alpha1.ComponentPhaseSucceeded}}
		change(&s)
		return &s
	}
	for sentence, c := range map[string]struct {
		change func(*storagev1alpha1.Snapshot)
		want   string
	}{
		"one that succeeded":               {func(*storagev1alpha1.Snapshot) {}, ""},
		"one of another Repository":        {func(s *storagev1alpha1.Snapshot) { s.Spec.Repository = "other" }, "in Repository other, not in repo"},
		"one that failed":                  {func(s *storagev1alpha1.Snapshot) { s.Status.Phase = storagev1alpha1.SnapshotPhaseFailed }, "Failed"},
		"one that nobody has completed":    {func(s *storagev1alpha1.Snapshot) { s.Status.Phase = "" }, "not complete"},
		"one that is being deleted":        {func(s *storagev1alpha1.Snapshot) { s.DeletionTimestamp = &metav1.Time{Time: noon} }, "being deleted"},
		"one without components":           {func(s *storagev1alpha1.Snapshot) { s.Status.Components = nil }, "nothing to restore"},
		"one that lacks some of its parts": {func(s *storagev1alpha1.Snapshot) { s.Status.TotalComponents = 3 }, "1 of 3 components"},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := CheckSnapshot(corev1alpha1.RestoreDataSource{Repository: "repo"}, whole(c.change))
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestChooseComponents(t *testing.T) {
	s := snapshotOf("snap", noon, storagev1alpha1.SnapshotPhaseSucceeded)
	s.Status.Components = map[string]storagev1alpha1.Component{
		"dump-pod-0": {Phase: storagev1alpha1.ComponentPhaseSucceeded}, "dump-pod-1": {Phase: storagev1alpha1.ComponentPhaseSucceeded},
		"pod-2": {Phase: storagev1alpha1.ComponentPhaseSucceeded}, "dump-pod-3": {Phase: storagev1alpha1.ComponentPhaseFailed},
	}
	for sentence, c := range map[string]struct {
		wanted, want []string
		says         string
	}{
		"a present name": {[]string{"dump-pod-1"}, []string{"dump-pod-1"}, ""},
		"a former name":  {[]string{"pod-0"}, []string{"dump-pod-0"}, ""},
		"a present name of what has a former one":   {[]string{"dump-pod-2"}, []string{"pod-2"}, ""},
		"both names of one, once":                   {[]string{"pod-0", "dump-pod-0"}, []string{"dump-pod-0"}, ""},
		"one that isn't there":                      {[]string{"dump-pod-0", "wal"}, []string{"dump-pod-0"}, `no component "wal"; it has: dump-pod-0, dump-pod-1, dump-pod-3, pod-2`},
		"one that failed":                           {[]string{"dump-pod-3"}, []string{"dump-pod-3"}, "is Failed"},
		"all are asked for, and one of them failed": {nil, []string{"dump-pod-0", "dump-pod-1", "dump-pod-3", "pod-2"}, "Component dump-pod-3"},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, problems := ChooseComponents(&s, c.wanted)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if all := strings.Join(problems, " "); (all == "") != (c.says == "") || !strings.Contains(all, c.says) {
				t.Errorf("got problems %q, want %q", problems, c.says)
			}
		})
	}
}
