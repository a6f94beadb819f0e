// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// Component is a part of a Snapshot that one pod backs up. The operator writes it, from what the pod reports. Empty means Pending.
type Component struct {
	// Path of the component's data, relative to the Repository's path. Empty for drivers that keep none there.
	// +optional
	Path string `json:"path,omitempty"`

	// Phase of the component. Empty means Pending.
	// +optional
	Phase ComponentPhase `json:"phase,omitempty"`

	// Size of the component's restic repository, for humans: "1.234 GiB". Empty means not known yet.
	// +optional
	Size string `json:"size,omitempty"`

	// SizeBytes is size in bytes. Empty means not known yet.
	// +optional
	SizeBytes *int64 `json:"sizeBytes,omitempty"`

	// Duration of the backup, as in "10.595356615s". Empty means that it has not ended.
	// +optional
	Duration string `json:"duration,omitempty"`

	// Integrity says whether the last check found the data whole. Empty means not checked.
	// +optional
	Integrity *bool `json:"integrity,omitempty"`

	// Error says why the component failed, and what to do about it.
	// +optional
	Error string `json:"error,omitempty"`

	// Driver is what moved the data. It decides which of the stats is filled. Empty means not known yet.
	// +optional
	Driver metav1alpha1.Driver `json:"driver,omitempty"`

	// ResticStats has one entry for each path, or stream, that restic backed up.
	// +optional
	ResticStats []ResticStats `json:"resticStats,omitempty"`

	// VolumeSnapshotterStats has one entry for each VolumeSnapshot.
	// +optional
	VolumeSnapshotterStats []VolumeSnapshotterStats `json:"volumeSnapshotterStats,omitempty"`

	// WalGStats is what wal-g reported.
	// +optional
	WalGStats *WalGStats `json:"walGStats,omitempty"`

	// MedusaStats is what Medusa reported.
	// +optional
	MedusaStats *MedusaStats `json:"medusaStats,omitempty"`

	// SolrStats has one entry for each collection that Solr backed up.
	// +optional
	SolrStats []SolrStats `json:"solrStats,omitempty"`

	// ClickHouseStats has one entry for each host that clickhouse-backup backed up.
	// +optional
	ClickHouseStats []ClickHouseStats `json:"clickHouseStats,omitempty"`

	// Neo4jStats has one entry for each database that neo4j-admin backed up.
	// +optional
	Neo4jStats []Neo4jStats `json:"neo4jStats,omitempty"`

	// LogStats tells how the archiving of logs goes.
	// +optional
	LogStats *LogStats `json:"logStats,omitempty"`
}

// ComponentPhase sums up a component of a Snapshot. The operator writes it. Empty means Pending.
//
// +kubebuilder:validation:Enum=Pending;Running;Succeeded;Failed
type ComponentPhase string

const (
	// ComponentPhasePending means that its pod has not started.
	ComponentPhasePending ComponentPhase = "Pending"
	// ComponentPhaseRunning means that its pod is at work.
	ComponentPhaseRunning ComponentPhase = "Running"
	// ComponentPhaseSucceeded means that all of its data is in the backend.
	ComponentPhaseSucceeded ComponentPhase = "Succeeded"
	// ComponentPhaseFailed means that some of it is not; error says why.
	ComponentPhaseFailed ComponentPhase = "Failed"
)

// ResticStats tells of one path, or stream, that restic backs up. The operator writes it. Empty means that restic has not started.
type ResticStats struct {
	// Summary is what restic reported at the end. Empty means that it has not ended.
	// +optional
	Summary *ResticSummary `json:"summary,omitempty"`

	// Progress is how far restic is, or was when it ended.
	// +optional
	Progress *ResticProgress `json:"progress,omitempty"`
}

// ResticSummary is what restic reported at the end of a backup. The operator writes it. Empty means that restic reported nothing.
type ResticSummary struct {
	// ID of the restic snapshot.
	// +optional
	ID string `json:"id,omitempty"`

	// Uploaded is how much was added to the backend, for humans.
	// +optional
	Uploaded string `json:"uploaded,omitempty"`

	// UploadedBytes is uploaded in bytes. Empty means not known.
	// +optional
	UploadedBytes *int64 `json:"uploadedBytes,omitempty"`

	// HostPath is the path that was backed up, or the file name that a stream was given.
	// +optional
	HostPath string `json:"hostPath,omitempty"`

	// Size of what was backed up, for humans.
	// +optional
	Size string `json:"size,omitempty"`

	// SizeBytes is size in bytes. Empty means not known.
	// +optional
	SizeBytes *int64 `json:"sizeBytes,omitempty"`

	// StartTime is when restic began.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`

	// EndTime is when restic ended.
	// +optional
	EndTime *metav1.Time `json:"endTime,omitempty"`
}

// ResticProgress is how far a backup is. The operator writes it, at most every ten seconds. Empty means that nothing has been heard of
// it yet.
type ResticProgress struct {
	// SecondsElapsed since restic began.
	// +optional
	SecondsElapsed int64 `json:"secondsElapsed,omitempty"`

	// PercentDone, with two decimals and the sign: "42.17%". Empty means not known.
	// +optional
	PercentDone string `json:"percentDone,omitempty"`

	// TotalFiles is how many files restic has found so far.
	// +optional
	TotalFiles int64 `json:"totalFiles,omitempty"`

	// FilesDone is how many of them are done.
	// +optional
	FilesDone int64 `json:"filesDone,omitempty"`

	// BackupDone is how much of the data is done, for humans, in decimal units: "1.2MB".
	// +optional
	BackupDone string `json:"backupDone,omitempty"`

	// BackupDoneBytes is backupDone in bytes.
	// +optional
	BackupDoneBytes int64 `json:"backupDoneBytes,omitempty"`

	// Total is how much data restic has found so far, for humans, in decimal units. Empty means not known.
	// +optional
	Total string `json:"total,omitempty"`

	// TotalBytes is total in bytes. Zero means not known.
	// +optional
	TotalBytes int64 `json:"totalBytes,omitempty"`

	// Speed is backupDone per second: "1.2MB/s". Empty means not known.
	// +optional
	Speed string `json:"speed,omitempty"`
}
