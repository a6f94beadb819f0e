// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package snapshot_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/snapshot"
	"kubestash.com/kubestash/internal/engine"
)

var (
	now   = metav1.NewTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	whole = true
	hurt  = false
)

func TestAComponentThatSucceeded(t *testing.T) {
	start := now.Time
	got := snapshot.Component(snapshot.Outcome{
		Path: "repository/v1/s/dump", Succeeded: true, Integrity: &whole, Duration: 42 * time.Second,
		Stats: &engine.Stats{RawBytes: 15406}, Summaries: []engine.Summary{{
			ID: "abc", Path: "/source/data", Files: 3, TotalBytes: 2 << 20, AddedBytes: 1500, StartTime: start, EndTime: start.Add(2 * time.Second),
		}},
	})
	if got.Phase != storagev1alpha1.ComponentPhaseSucceeded || got.Error != "" || got.Driver != metav1alpha1.DriverRestic ||
		got.Path != "repository/v1/s/dump" || got.Duration != "42s" || got.Integrity == nil || !*got.Integrity {
		t.Errorf("got %+v", got)
	}
	if got.Size != "15.045 KiB" || got.SizeBytes == nil || *got.SizeBytes != 15406 {
		t.Errorf("size: %q, %v", got.Size, got.SizeBytes)
	}
	if len(got.ResticStats) != 1 {
		t.Fatalf("stats: %+v", got.ResticStats)
	}
	s, p := got.ResticStats[0].Summary, got.ResticStats[0].Progress
	if s.ID != "abc" || s.HostPath != "/source/data" || s.Size != "2.000 MiB" || *s.SizeBytes != 2<<20 || s.Uploaded != "1.465 KiB" ||
		*s.UploadedBytes != 1500 || !s.StartTime.Time.Equal(start) || s.EndTime.Sub(s.StartTime.Time) != 2*time.Second {
		t.Errorf("summary: %+v", s)
	}
	if p.PercentDone != "100.00%" || p.BackupDone != "2.097MB" || p.Total != "2.097MB" || p.SecondsElapsed != 2 || p.FilesDone != 3 {
		t.Errorf("progress: %+v", p)
	}
}

func TestAComponentThatFailedSaysWhyAndKeepsWhatWasStored(t *testing.T) {
	got := snapshot.Component(snapshot.Outcome{Class: engine.ClassPassword, Message: "no key opens", Summaries: []engine.Summary{{ID: "abc"}}})
	if got.Phase != storagev1alpha1.ComponentPhaseFailed || got.Error != "WrongPassword: no key opens" || len(got.ResticStats) != 1 || got.SizeBytes != nil {
		t.Errorf("got %+v", got)
	}
}

func TestRunningShowsProgress(t *testing.T) {
	if got := snapshot.Running("p", nil); got.Phase != storagev1alpha1.ComponentPhaseRunning || len(got.ResticStats) != 0 {
		t.Errorf("before the first line: %+v", got)
	}
	got := snapshot.Running("p", &engine.Progress{Path: "/data", SecondsElapsed: 2, TotalFiles: 4, FilesDone: 1, TotalBytes: 400, BytesDone: 100})
	if len(got.ResticStats) != 1 || got.ResticStats[0].Summary.HostPath != "/data" {
		t.Fatalf("got %+v", got)
	}
	if p := got.ResticStats[0].Progress; p.PercentDone != "25.00%" || p.BackupDone != "100B" || p.Total != "400B" || p.Speed != "50B/s" || p.FilesDone != 1 {
		t.Errorf("progress: %+v", p)
	}
}

func component(phase storagev1alpha1.ComponentPhase, bytes int64, integrity *bool) storagev1alpha1.Component {
	c := storagev1alpha1.Component{Phase: phase, Integrity: integrity, ResticStats: []storagev1alpha1.ResticStats{{}, {}}}
	if bytes >= 0 {
		c.SizeBytes = &bytes
	}
	return c
}

func TestSummarize(t *testing.T) {
	const succeeded = storagev1alpha1.ComponentPhaseSucceeded
	bare := storagev1alpha1.Component{Phase: storagev1alpha1.ComponentPhasePending}
	for sentence, c := range map[string]struct {
		components map[string]storagev1alpha1.Component
		size       string
		integrity  *bool
	}{
		"no component is no size":                              {nil, "", nil},
		"sizes add up, once per component and not per path":    {map[string]storagev1alpha1.Component{"a": component(succeeded, 1000, &whole), "b": component(succeeded, 24, &whole)}, "1024 B", &whole},
		"one damaged component damages the snapshot":           {map[string]storagev1alpha1.Component{"a": component(succeeded, 1, &whole), "b": component(succeeded, 1, &hurt)}, "2 B", &hurt},
		"one unmeasured component leaves the size unknown":     {map[string]storagev1alpha1.Component{"a": component(succeeded, 1, &whole), "b": component(succeeded, -1, &whole)}, "", &whole},
		"one unchecked component leaves the integrity unknown": {map[string]storagev1alpha1.Component{"a": component(succeeded, 1, &whole), "b": component(succeeded, 1, nil)}, "2 B", nil},
		"one that has not begun has nothing to add":            {map[string]storagev1alpha1.Component{"a": component(succeeded, 1, &whole), "b": bare}, "1 B", &whole},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := storagev1alpha1.SnapshotStatus{Components: c.components}
			snapshot.Summarize(&s, now)
			if s.Size != c.size || (s.SizeBytes == nil) != (c.size == "") {
				t.Errorf("size: %q, %v; want %q", s.Size, s.SizeBytes, c.size)
			}
			if (s.Integrity == nil) != (c.integrity == nil) || s.Integrity != nil && *s.Integrity != *c.integrity {
				t.Errorf("integrity: %v", s.Integrity)
			}
			if s.LastUpdateTime == nil || !s.LastUpdateTime.Equal(&now) {
				t.Errorf("last update: %v", s.LastUpdateTime)
			}
		})
	}
}

func TestPhase(t *testing.T) {
	const (
		pending, running  = storagev1alpha1.ComponentPhasePending, storagev1alpha1.ComponentPhaseRunning
		succeeded, failed = storagev1alpha1.ComponentPhaseSucceeded, storagev1alpha1.ComponentPhaseFailed
	)
	type phases = []storagev1alpha1.ComponentPhase
	condition := func(kind string, status metav1.ConditionStatus) []metav1alpha1.Condition {
		return []metav1alpha1.Condition{{Type: kind, Status: status}}
	}
	uploaded := condition(storagev1alpha1.ConditionSnapshotMetadataUploaded, metav1.ConditionTrue)
	for sentence, c := range map[string]struct {
		phases     phases
		total      int32
		conditions []metav1alpha1.Condition
		want       storagev1alpha1.SnapshotPhase
	}{
		"nothing is there yet":                                {nil, 0, nil, storagev1alpha1.SnapshotPhasePending},
		"every component waits":                               {phases{pending, ""}, 2, nil, storagev1alpha1.SnapshotPhasePending},
		"one component works":                                 {phases{pending, running}, 2, nil, storagev1alpha1.SnapshotPhaseRunning},
		"all are done, and nothing is recorded":               {phases{succeeded, succeeded}, 2, nil, storagev1alpha1.SnapshotPhaseRunning},
		"all are done, and it is recorded":                    {phases{succeeded, succeeded}, 2, uploaded, storagev1alpha1.SnapshotPhaseSucceeded},
		"one failed, and it is recorded":                      {phases{succeeded, failed}, 2, uploaded, storagev1alpha1.SnapshotPhaseFailed},
		"a component is missing, though it is recorded":       {phases{succeeded}, 2, uploaded, storagev1alpha1.SnapshotPhaseRunning},
		"a record without the number of components is no end": {phases{succeeded}, 0, uploaded, storagev1alpha1.SnapshotPhaseRunning},
		"the record could not be written": {phases{succeeded}, 1,
			condition(storagev1alpha1.ConditionSnapshotMetadataUploaded, metav1.ConditionFalse), storagev1alpha1.SnapshotPhaseFailed},
		"a pod ended before it was done": {phases{running}, 1,
			condition(storagev1alpha1.ConditionBackupIncomplete, metav1.ConditionTrue), storagev1alpha1.SnapshotPhaseFailed},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := storagev1alpha1.SnapshotStatus{TotalComponents: c.total, Conditions: c.conditions, Components: map[string]storagev1alpha1.Component{}}
			for i, phase := range c.phases {
				s.Components[string(rune('a'+i))] = storagev1alpha1.Component{Phase: phase}
			}
			if got := snapshot.Phase(s); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestRecord(t *testing.T) {
	for sentence, c := range map[string]struct {
		err  error
		want storagev1alpha1.SnapshotPhase
	}{
		"written":     {nil, storagev1alpha1.SnapshotPhaseSucceeded},
		"not written": {errors.New("access denied"), storagev1alpha1.SnapshotPhaseFailed},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := storagev1alpha1.SnapshotStatus{TotalComponents: 1, Components: map[string]storagev1alpha1.Component{
				"dump": component(storagev1alpha1.ComponentPhaseSucceeded, 1, &whole)}}
			if !snapshot.Worked(s) || snapshot.Completed(s) {
				t.Error("before the record: its work is done, and it is not complete")
			}
			snapshot.Record(&s, c.err, now)
			if s.Phase != c.want || !snapshot.Completed(s) {
				t.Errorf("got %+v", s)
			}
			for _, condition := range s.Conditions {
				if condition.Type == storagev1alpha1.ConditionSnapshotMetadataUploaded && c.err != nil && !strings.Contains(condition.Message, "access denied") {
					t.Errorf("condition: %+v", condition)
				}
			}
		})
	}
}
