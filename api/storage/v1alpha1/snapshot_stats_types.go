// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// VolumeSnapshotterStats tells of one VolumeSnapshot. The operator writes it. Empty means not reported.
type VolumeSnapshotterStats struct {
	// PVCName is the PersistentVolumeClaim that was snapshotted.
	// +optional
	PVCName string `json:"pvcName,omitempty"`

	// HostPath is where the target mounts it. Empty for a PersistentVolumeClaim that is backed up by itself.
	// +optional
	HostPath string `json:"hostPath,omitempty"`

	// VolumeSnapshotName is the VolumeSnapshot.
	// +optional
	VolumeSnapshotName string `json:"volumeSnapshotName,omitempty"`

	// VolumeSnapshotTime is when it was taken.
	// +optional
	VolumeSnapshotTime *metav1.Time `json:"volumeSnapshotTime,omitempty"`
}

// WalGStats tells of a base backup by wal-g. The addon reports it, the operator writes it. Empty means not reported.
type WalGStats struct {
	// ID of the base backup.
	// +optional
	ID string `json:"id,omitempty"`

	// Databases that it holds.
	// +optional
	Databases []string `json:"databases,omitempty"`

	// StartTime is when it began.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`

	// StopTime is when it ended.
	// +optional
	StopTime *metav1.Time `json:"stopTime,omitempty"`
}

// MedusaStats tells of a backup by Medusa. The addon reports it, the operator writes it. Empty means not reported.
type MedusaStats struct {
	// BackupName is Medusa's name of the backup.
	// +optional
	BackupName string `json:"backupName,omitempty"`

	// BackupNodes are the nodes that it holds.
	// +optional
	BackupNodes []string `json:"backupNodes,omitempty"`

	// StatusType is Medusa's word for how it went.
	// +optional
	StatusType string `json:"status,omitempty"`

	// StartTime is when it began, as Medusa prints it.
	// +optional
	StartTime string `json:"startTime,omitempty"`

	// FinishTime is when it ended, as Medusa prints it.
	// +optional
	FinishTime string `json:"finishTime,omitempty"`
}

// SolrStats tells of one collection that Solr backed up. The addon reports it, the operator writes it. Empty means not reported.
type SolrStats struct {
	// BackupID is Solr's number of the backup.
	// +optional
	BackupID int `json:"backupId,omitempty"`

	// BackupName is Solr's name of the backup.
	// +optional
	BackupName string `json:"backupName,omitempty"`

	// Collection that it holds.
	// +optional
	Collection string `json:"collection,omitempty"`

	// IndexFileCount is how many index files it holds.
	// +optional
	IndexFileCount int `json:"indexFileCount,omitempty"`

	// IndexSizeMB is the size of the index, in megabytes.
	// +optional
	IndexSizeMB float64 `json:"indexSizeMB,omitempty"`

	// Location of the backup in Solr's backup repository.
	// +optional
	Location string `json:"location,omitempty"`

	// StartTime is when it began, as Solr prints it.
	// +optional
	StartTime string `json:"startTime,omitempty"`

	// UploadedIndexFileMB is how much was uploaded, in megabytes.
	// +optional
	UploadedIndexFileMB float64 `json:"uploadedIndexFileMB,omitempty"`
}

// ClickHouseStats tells of one host that clickhouse-backup backed up. The addon reports it, the operator writes it. Empty means not
// reported.
type ClickHouseStats struct {
	// ID of the backup.
	// +optional
	ID string `json:"id,omitempty"`

	// Status is clickhouse-backup's word for how it went.
	// +optional
	Status string `json:"status,omitempty"`

	// Host that was backed up.
	// +optional
	Host string `json:"host,omitempty"`

	// StartTime is when it began.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`

	// FinishTime is when it ended.
	// +optional
	FinishTime *metav1.Time `json:"finishTime,omitempty"`
}

// Neo4jStats tells of one database that neo4j-admin backed up. The addon reports it, the operator writes it. Empty means not reported.
type Neo4jStats struct {
	// File is the artifact that holds it.
	// +optional
	File string `json:"file,omitempty"`

	// Database is its name.
	// +optional
	Database string `json:"database,omitempty"`

	// DatabaseID is Neo4j's own id of the database.
	// +optional
	DatabaseID string `json:"databaseID,omitempty"`

	// Time is when it was backed up, as Neo4j prints it.
	// +optional
	Time string `json:"time,omitempty"`

	// Full says whether the backup is a full one. Empty means not reported.
	// +optional
	Full *bool `json:"full,omitempty"`

	// Compressed says whether the artifact is compressed. Empty means not reported.
	// +optional
	Compressed *bool `json:"compressed,omitempty"`

	// LowestTX is the first transaction that it holds.
	// +optional
	LowestTX int64 `json:"lowestTX,omitempty"`

	// HighestTX is the last transaction that it holds.
	// +optional
	HighestTX int64 `json:"highestTX,omitempty"`

	// StoreIDHash identifies the store.
	// +optional
	StoreIDHash string `json:"storeIDHash,omitempty"`

	// Recovered says whether pending transactions were applied. Empty means not reported.
	// +optional
	Recovered *bool `json:"recovered,omitempty"`
}

// LogStats tells how the archiving of a database's logs goes. The addon reports it, the operator writes it. Empty means not reported.
type LogStats struct {
	// Start is the earliest point in time that can be restored.
	// +optional
	Start *string `json:"start,omitempty"`

	// End is the latest point in time that can be restored.
	// +optional
	End *string `json:"end,omitempty"`

	// LSN is the last position in the log that was archived.
	// +optional
	LSN *string `json:"lsn,omitempty"`

	// TotalFailedCount is how many uploads have failed.
	// +optional
	TotalFailedCount int64 `json:"totalFailedCount,omitempty"`

	// LastFailedStats are the latest uploads that failed.
	// +optional
	LastFailedStats []LogUpload `json:"lastFailedStats,omitempty"`

	// TotalSucceededCount is how many uploads have succeeded.
	// +optional
	TotalSucceededCount int64 `json:"totalSucceededCount,omitempty"`

	// LastSucceededStats are the latest uploads that succeeded.
	// +optional
	LastSucceededStats []LogUpload `json:"lastSucceededStats,omitempty"`

	// LastLogRetentionStats are the latest removals of old logs.
	// +optional
	LastLogRetentionStats []LogRetention `json:"lastLogRetentionStats,omitempty"`
}

// LogUpload tells of one upload of logs. The addon reports it, the operator writes it. Empty means not reported.
type LogUpload struct {
	// Start of the stretch of time that the logs cover.
	// +optional
	Start *string `json:"start,omitempty"`

	// End of the stretch of time that the logs cover.
	// +optional
	End *string `json:"end,omitempty"`

	// Error says why the upload failed.
	// +optional
	Error string `json:"error,omitempty"`
}

// LogRetention tells of one removal of old logs. The addon reports it, the operator writes it. Empty means not reported.
type LogRetention struct {
	// LastExecutionTime is when it was done.
	// +optional
	LastExecutionTime *string `json:"lastExecutionTime,omitempty"`

	// RetentionPeriodApplied is the age from which logs were removed.
	// +optional
	RetentionPeriodApplied string `json:"retentionPeriodApplied,omitempty"`

	// DeletedLogCount is how many logs were removed.
	// +optional
	DeletedLogCount int64 `json:"deletedLogCount,omitempty"`

	// Error says why it failed.
	// +optional
	Error string `json:"error,omitempty"`
}
