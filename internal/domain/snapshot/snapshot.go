// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package snapshot

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/progress"
	"kubestash.com/kubestash/internal/domain/size"
	"kubestash.com/kubestash/internal/engine"
)

// Outcome is what became of one component in one restic repository.
type Outcome struct {
	// Path is the restic repository's place, relative to the Repository's path.
	Path      string
	Succeeded bool
	// Class and Message tell of a failure.
	Class   engine.Class
	Message string
	// Summaries has one entry per path that was stored, also when another one failed.
	Summaries []engine.Summary
	// Stats is nil when the repository was not measured.
	Stats *engine.Stats
	// Integrity is nil when the repository was not checked.
	Integrity *bool
	Duration  time.Duration
}

// Component is the status of a component whose work has ended.
func Component(o Outcome) storagev1alpha1.Component {
	c := storagev1alpha1.Component{
		Path: o.Path, Driver: metav1alpha1.DriverRestic, Phase: storagev1alpha1.ComponentPhaseSucceeded,
		Integrity: o.Integrity, Duration: size.Duration(o.Duration),
	}
	if !o.Succeeded {
		c.Phase = storagev1alpha1.ComponentPhaseFailed
		c.Error = fmt.Sprintf("%s: %s", o.Class, o.Message)
	}
	if o.Stats != nil {
		bytes := o.Stats.RawBytes
		c.Size, c.SizeBytes = size.Format(bytes), &bytes
	}
	for _, s := range o.Summaries {
		c.ResticStats = append(c.ResticStats, storagev1alpha1.ResticStats{
			Summary: summary(s),
			Progress: resticProgress(engine.Progress{
				SecondsElapsed: int64(s.EndTime.Sub(s.StartTime).Seconds()),
				TotalFiles:     s.Files, FilesDone: s.Files, TotalBytes: s.TotalBytes, BytesDone: s.TotalBytes,
			}),
		})
	}
	return c
}

// Running is the status of a component that is being worked on. The progress may be nil.
func Running(path string, p *engine.Progress) storagev1alpha1.Component {
	c := storagev1alpha1.Component{
		Path: path, Driver: metav1alpha1.DriverRestic, Phase: storagev1alpha1.ComponentPhaseRunning,
	}
	if p != nil {
		c.ResticStats = []storagev1alpha1.ResticStats{{Progress: resticProgress(*p)}}
		if p.Path != "" {
			c.ResticStats[0].Summary = &storagev1alpha1.ResticSummary{HostPath: p.Path}
		}
	}
	return c
}

// Pending is the status of a component whose pod has not started.
func Pending(path string) storagev1alpha1.Component {
	return storagev1alpha1.Component{
		Path: path, Driver: metav1alpha1.DriverRestic, Phase: storagev1alpha1.ComponentPhasePending,
	}
}

func summary(s engine.Summary) *storagev1alpha1.ResticSummary {
	added, total := s.AddedBytes, s.TotalBytes
	start, end := metav1.NewTime(s.StartTime), metav1.NewTime(s.EndTime)
	return &storagev1alpha1.ResticSummary{
		ID: s.ID, HostPath: s.Path, StartTime: &start, EndTime: &end,
		Uploaded: size.Format(added), UploadedBytes: &added,
		Size: size.Format(total), SizeBytes: &total,
	}
}

func resticProgress(p engine.Progress) *storagev1alpha1.ResticProgress {
	out := &storagev1alpha1.ResticProgress{
		SecondsElapsed: p.SecondsElapsed, TotalFiles: p.TotalFiles, FilesDone: p.FilesDone,
		BackupDone: progress.Amount(p.BytesDone), BackupDoneBytes: p.BytesDone, TotalBytes: p.TotalBytes,
		PercentDone: progress.Percent(p.BytesDone, p.TotalBytes),
		Speed:       progress.Speed(p.BytesDone, p.SecondsElapsed),
	}
	if p.TotalBytes > 0 {
		out.Total = progress.Amount(p.TotalBytes)
	}
	return out
}

// Summarize computes size, integrity and phase from the components and conditions. A component that has
// restic's statistics and no size, or none of integrity, leaves the sum unknown, as published.
func Summarize(s *storagev1alpha1.SnapshotStatus, now metav1.Time) {
	s.Size, s.SizeBytes = totalSize(s.Components)
	s.Integrity = integrity(s.Components)
	s.Phase = Phase(*s)
	s.LastUpdateTime = &now
}

func totalSize(components map[string]storagev1alpha1.Component) (string, *int64) {
	var sum int64
	known := false
	for _, c := range components {
		if c.SizeBytes == nil {
			if len(c.ResticStats) > 0 {
				return "", nil
			}
			continue
		}
		known = true
		sum += *c.SizeBytes
	}
	if !known {
		return "", nil
	}
	return size.Format(sum), &sum
}

func integrity(components map[string]storagev1alpha1.Component) *bool {
	var all *bool
	for _, c := range components {
		if c.Integrity == nil {
			if len(c.ResticStats) > 0 {
				return nil
			}
			continue
		}
		ok := *c.Integrity && (all == nil || *all)
		all = &ok
	}
	return all
}

// Phase summarises a status, as published: the first rule that matches wins.
func Phase(s storagev1alpha1.SnapshotStatus) storagev1alpha1.SnapshotPhase {
	if metav1alpha1.IsConditionFalse(s.Conditions, storagev1alpha1.ConditionSnapshotMetadataUploaded) ||
		metav1alpha1.IsConditionFalse(s.Conditions, storagev1alpha1.ConditionRecentSnapshotListUpdated) ||
		metav1alpha1.IsConditionTrue(s.Conditions, storagev1alpha1.ConditionBackupIncomplete) {
		return storagev1alpha1.SnapshotPhaseFailed
	}
	phase := componentsPhase(s)
	if phase == storagev1alpha1.SnapshotPhasePending ||
		metav1alpha1.HasCondition(s.Conditions, storagev1alpha1.ConditionSnapshotMetadataUploaded) {
		return phase
	}
	return storagev1alpha1.SnapshotPhaseRunning
}

func componentsPhase(s storagev1alpha1.SnapshotStatus) storagev1alpha1.SnapshotPhase {
	var pending, succeeded, failed int32
	for _, c := range s.Components {
		switch c.Phase {
		case storagev1alpha1.ComponentPhaseSucceeded:
			succeeded++
		case storagev1alpha1.ComponentPhaseFailed:
			failed++
		case storagev1alpha1.ComponentPhasePending, "":
			pending++
		}
	}
	switch {
	case pending == int32(len(s.Components)):
		return storagev1alpha1.SnapshotPhasePending
	case failed > 0:
		return storagev1alpha1.SnapshotPhaseFailed
	case succeeded == s.TotalComponents && s.TotalComponents > 0:
		return storagev1alpha1.SnapshotPhaseSucceeded
	default:
		return storagev1alpha1.SnapshotPhaseRunning
	}
}

// Worked reports whether every component is terminal, so that nothing but recording is left.
func Worked(s storagev1alpha1.SnapshotStatus) bool {
	if int32(len(s.Components)) < s.TotalComponents || s.TotalComponents == 0 {
		return false
	}
	for _, c := range s.Components {
		if c.Phase != storagev1alpha1.ComponentPhaseSucceeded && c.Phase != storagev1alpha1.ComponentPhaseFailed {
			return false
		}
	}
	return true
}

// Record sets the conditions of the last step: the document is beside the data, or err tells why it isn't.
func Record(s *storagev1alpha1.SnapshotStatus, err error, now metav1.Time) {
	uploaded := metav1alpha1.Condition{
		Type: storagev1alpha1.ConditionSnapshotMetadataUploaded, Status: metav1.ConditionTrue,
		Reason: storagev1alpha1.ReasonSuccessfullyUploadedSnapshotMetadata,
	}
	if err != nil {
		uploaded.Status, uploaded.Reason = metav1.ConditionFalse, storagev1alpha1.ReasonFailedToUploadSnapshotMetadata
		uploaded.Message = err.Error()
	}
	metav1alpha1.SetCondition(&s.Conditions, metav1alpha1.Condition{
		Type: storagev1alpha1.ConditionRecentSnapshotListUpdated, Status: metav1.ConditionTrue,
		Reason: storagev1alpha1.ReasonSuccessfullyUpdatedRecentSnapshotList,
	}, now)
	metav1alpha1.SetCondition(&s.Conditions, uploaded, now)
	Summarize(s, now)
}

// Completed reports whether a Snapshot is over and recorded.
func Completed(s storagev1alpha1.SnapshotStatus) bool {
	return metav1alpha1.HasCondition(s.Conditions, storagev1alpha1.ConditionSnapshotMetadataUploaded)
}

// Forgotten reports whether the restic snapshots of a Snapshot are gone already, and only the rest of it is to follow.
func Forgotten(o metav1.Object) bool {
	return o.GetAnnotations()[metav1alpha1.AnnotationForgotten] == "true"
}
