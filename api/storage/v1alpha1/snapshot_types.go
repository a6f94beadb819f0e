// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// Snapshot is one backup of one application in one Repository. The operator creates it, next to its Repository.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=snapshots,singular=snapshot,categories={kubestash,appscode}
// +kubebuilder:metadata:labels="app.kubernetes.io/name=kubestash"
// +kubebuilder:printcolumn:name="Repository",type="string",JSONPath=".spec.repository"
// +kubebuilder:printcolumn:name="Session",type="string",JSONPath=".spec.session"
// +kubebuilder:printcolumn:name="Snapshot-Time",type="string",JSONPath=".status.snapshotTime"
// +kubebuilder:printcolumn:name="Deletion-Policy",type="string",JSONPath=".spec.deletionPolicy"
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="Size",type="string",JSONPath=".status.size",priority=1
// +kubebuilder:printcolumn:name="Integrity",type="boolean",JSONPath=".status.integrity",priority=1
// +kubebuilder:printcolumn:name="Verification-Status",type="string",JSONPath=".status.verificationStatus",priority=1
type Snapshot struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec says what was backed up.
	// +optional
	Spec SnapshotSpec `json:"spec,omitzero"`

	// Status says how far the backup is, and what it holds.
	// +optional
	Status SnapshotStatus `json:"status,omitzero"`
}

// SnapshotList is a list of Snapshots.
//
// +kubebuilder:object:root=true
type SnapshotList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Snapshot `json:"items"`
}

// SnapshotSpec says what was backed up. The operator writes it; users may change deletionPolicy and paused. Empty makes a Snapshot that
// the operator leaves alone.
type SnapshotSpec struct {
	// SnapshotID is a ULID: unique, and in the order of time.
	// +optional
	SnapshotID string `json:"snapshotID,omitempty"`

	// Type is FullBackup or IncrementalBackup. Empty means FullBackup.
	// +optional
	Type SnapshotType `json:"type,omitempty"`

	// Repository is the name of the Repository.
	// +optional
	Repository string `json:"repository,omitempty"`

	// Session is the name of the session, in the BackupConfiguration.
	// +optional
	Session string `json:"session,omitempty"`

	// BackupSession is the name of the BackupSession that took this Snapshot.
	// +optional
	BackupSession string `json:"backupSession,omitempty"`

	// Version of the layout of the data in the backend. It is "v1".
	// +optional
	Version string `json:"version,omitempty"`

	// AppRef is the application that was backed up. A backup without a target has apiGroup and name "na", and no kind.
	// +optional
	AppRef metav1alpha1.TypedObjectReference `json:"appRef,omitzero"`

	// DeletionPolicy says what happens to the data when the Snapshot is deleted. It is read at that moment.
	// +optional
	// +kubebuilder:default=Delete
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// Paused stops the operator from acting on this Snapshot.
	// +optional
	Paused bool `json:"paused,omitempty"`
}

// SnapshotType says what a Snapshot needs to be restored. The operator writes it. Empty means FullBackup.
type SnapshotType string

const (
	// SnapshotTypeFullBackup can be restored by itself.
	SnapshotTypeFullBackup SnapshotType = "FullBackup"
	// SnapshotTypeIncrementalBackup needs an earlier full backup.
	SnapshotTypeIncrementalBackup SnapshotType = "IncrementalBackup"
)

// SnapshotStatus says how far a backup is, and what it holds. The operator writes it. Empty means that the operator has not seen it yet.
type SnapshotStatus struct {
	// Phase of the Snapshot. Empty means that the operator has not seen it yet.
	// +optional
	Phase SnapshotPhase `json:"phase,omitempty"`

	// VerificationStatus says whether the Snapshot was restored on trial. Empty means NotVerified.
	// +optional
	VerificationStatus VerificationStatus `json:"verificationStatus,omitempty"`

	// VerificationSession is the BackupVerificationSession that tried it. Empty means none.
	// +optional
	VerificationSession string `json:"verificationSession,omitempty"`

	// SnapshotTime is when the Snapshot was taken.
	// +optional
	SnapshotTime *metav1.Time `json:"snapshotTime,omitempty"`

	// LastUpdateTime is when this status last changed.
	// +optional
	LastUpdateTime *metav1.Time `json:"lastUpdateTime,omitempty"`

	// Size is the sum of the sizes of the components, for humans: "1.234 GiB". Empty means not known yet.
	// +optional
	Size string `json:"size,omitempty"`

	// SizeBytes is size in bytes. Empty means not known yet.
	// +optional
	SizeBytes *int64 `json:"sizeBytes,omitempty"`

	// Integrity says whether the data of every component was found whole. Empty means not checked.
	// +optional
	Integrity *bool `json:"integrity,omitempty"`

	// Conditions are SnapshotMetadataUploaded, RecentSnapshotListUpdated and BackupIncomplete.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1alpha1.Condition `json:"conditions,omitempty"`

	// TotalComponents is how many components the Snapshot has when it is complete. It is set before any component.
	// +optional
	TotalComponents int32 `json:"totalComponents,omitempty"`

	// Components of the Snapshot by name, such as "dump" or "dump-pod-0".
	// +optional
	// +mapType=granular
	Components map[string]Component `json:"components,omitempty"`
}

// SnapshotPhase sums up a Snapshot. The operator computes it from conditions and components. Empty means not seen yet.
//
// +kubebuilder:validation:Enum=Pending;Running;Succeeded;Failed
type SnapshotPhase string

const (
	// SnapshotPhasePending means that no component has started.
	SnapshotPhasePending SnapshotPhase = "Pending"
	// SnapshotPhaseRunning means that components are being backed up, or are not recorded in the backend yet.
	SnapshotPhaseRunning SnapshotPhase = "Running"
	// SnapshotPhaseSucceeded means that every component is whole, and recorded in the backend.
	SnapshotPhaseSucceeded SnapshotPhase = "Succeeded"
	// SnapshotPhaseFailed means that the Snapshot can't be relied on.
	SnapshotPhaseFailed SnapshotPhase = "Failed"
)

// VerificationStatus says whether a Snapshot was restored on trial. The operator writes it. Empty means NotVerified.
//
// +kubebuilder:validation:Enum=Verified;NotVerified;VerificationFailed
type VerificationStatus string

const (
	// VerificationStatusVerified means that a trial restore succeeded.
	VerificationStatusVerified VerificationStatus = "Verified"
	// VerificationStatusNotVerified means that nobody has tried.
	VerificationStatusNotVerified VerificationStatus = "NotVerified"
	// VerificationStatusFailed means that a trial restore failed.
	VerificationStatusFailed VerificationStatus = "VerificationFailed"
)

// Conditions of a Snapshot, and their reasons.
const (
	// ConditionSnapshotMetadataUploaded says whether the backend holds the Snapshot's YAML copy.
	// Reasons: SuccessfullyUploadedSnapshotMetadata, FailedToUploadSnapshotMetadata.
	ConditionSnapshotMetadataUploaded = "SnapshotMetadataUploaded"
	// ConditionRecentSnapshotListUpdated says whether the Repository's status lists the Snapshot.
	// Reasons: SuccessfullyUpdatedRecentSnapshotList, FailedToUpdateRecentSnapshotList.
	ConditionRecentSnapshotListUpdated = "RecentSnapshotListUpdated"
	// ConditionBackupIncomplete is True, and bad, when a pod ended before its component was done.
	// Reasons: BackupExecutorTerminatedBeforeCompletion.
	ConditionBackupIncomplete = "BackupIncomplete"

	ReasonSuccessfullyUploadedSnapshotMetadata     = "SuccessfullyUploadedSnapshotMetadata"
	ReasonFailedToUploadSnapshotMetadata           = "FailedToUploadSnapshotMetadata"
	ReasonSuccessfullyUpdatedRecentSnapshotList    = "SuccessfullyUpdatedRecentSnapshotList"
	ReasonFailedToUpdateRecentSnapshotList         = "FailedToUpdateRecentSnapshotList"
	ReasonBackupExecutorTerminatedBeforeCompletion = "BackupExecutorTerminatedBeforeCompletion"
)
