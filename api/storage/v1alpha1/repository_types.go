// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// Repository holds the backups of one application in one BackupStorage. The operator creates it, in the namespace of the
// BackupConfiguration, with the name that stands there.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=repositories,singular=repository,shortName=repo,categories={kubestash,appscode,all}
// +kubebuilder:metadata:labels="app.kubernetes.io/name=kubestash"
// +kubebuilder:printcolumn:name="Integrity",type="boolean",JSONPath=".status.integrity"
// +kubebuilder:printcolumn:name="Snapshot-Count",type="integer",JSONPath=".status.snapshotCount"
// +kubebuilder:printcolumn:name="Size",type="string",JSONPath=".status.size"
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:printcolumn:name="Last-Successful-Backup",type="date",format="date-time",JSONPath=".status.lastBackupTime"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="Storage",type="string",JSONPath=".spec.storageRef.name",priority=1
// +kubebuilder:printcolumn:name="Path",type="string",JSONPath=".spec.path",priority=1
type Repository struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what the BackupConfiguration wants.
	// +optional
	Spec RepositorySpec `json:"spec,omitzero"`

	// Status is what the operator sees.
	// +optional
	Status RepositoryStatus `json:"status,omitzero"`
}

// RepositoryList is a list of Repositories.
//
// +kubebuilder:object:root=true
type RepositoryList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Repository `json:"items"`
}

// RepositorySpec is what is wanted of a Repository. The operator writes it; users may change deletionPolicy, encryptionSecret, paused
// and maintenance. Empty makes a Repository that is never Ready.
//
// +kubebuilder:validation:XValidation:rule="has(self.path) == has(oldSelf.path) && (!has(self.path) || self.path == oldSelf.path)",message="path can't be changed: it is where the backups of this Repository lie; make a new Repository instead",reason=FieldValueForbidden,fieldPath=".path"
type RepositorySpec struct {
	// AppRef is the application whose backups are kept here. A backup without a target has apiGroup and name "na", and no kind.
	// +optional
	AppRef metav1alpha1.TypedObjectReference `json:"appRef,omitzero"`

	// StorageRef is the BackupStorage. An empty namespace means the Repository's own.
	// +optional
	StorageRef metav1alpha1.ObjectReference `json:"storageRef,omitzero"`

	// Path is the folder below the storage's prefix. It can't change.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Path string `json:"path,omitempty"`

	// DeletionPolicy says what happens to the data when the Repository is deleted. It is read at that moment.
	// +optional
	// +kubebuilder:default=Delete
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// EncryptionSecret is the Secret that holds RESTIC_PASSWORD. An empty namespace means the Repository's own. Empty is right only for
	// backups that restic takes no part in.
	// +optional
	EncryptionSecret *metav1alpha1.ObjectReference `json:"encryptionSecret,omitempty"`

	// Paused stops the operator from acting on this Repository.
	// +optional
	Paused bool `json:"paused,omitempty"`

	// Maintenance says when its data is pruned and checked. Empty means as the BackupStorage says.
	// +optional
	Maintenance *MaintenanceSpec `json:"maintenance,omitempty"`
}

// RepositoryStatus is what the operator sees of a Repository. The operator writes it. Empty means that the operator has not seen it yet.
type RepositoryStatus struct {
	// Phase is Ready or NotReady. Empty means that the operator has not seen the Repository yet.
	// +optional
	Phase RepositoryPhase `json:"phase,omitempty"`

	// LastBackupTime is when the last backup succeeded. Empty means never.
	// +optional
	LastBackupTime *metav1.Time `json:"lastBackupTime,omitempty"`

	// Integrity says whether the last check found the data whole. Empty means not checked yet.
	// +optional
	Integrity *bool `json:"integrity,omitempty"`

	// SnapshotCount is how many Snapshots there are. Empty means not counted yet.
	// +optional
	SnapshotCount *int32 `json:"snapshotCount,omitempty"`

	// Size of the data in the backend, for humans: "1.234 GiB". Empty means not known yet.
	// +optional
	Size string `json:"size,omitempty"`

	// SizeBytes is size in bytes. Empty means not known yet.
	// +optional
	SizeBytes *int64 `json:"sizeBytes,omitempty"`

	// RecentSnapshots are the newest Snapshots, at most five, newest first.
	// +optional
	RecentSnapshots []SnapshotInfo `json:"recentSnapshots,omitempty"`

	// Conditions are RepositoryInitialized and, once there was a maintenance, RepositoryPruned and IntegrityVerified; while a deletion
	// waits, CleanupPending.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1alpha1.Condition `json:"conditions,omitempty"`

	// ComponentPaths are the restic repositories in this Repository, relative to its path: "repository/v1/<session>/<component>".
	// +optional
	ComponentPaths []string `json:"componentPaths,omitempty"`

	// Maintenance says how the data is pruned and checked. Empty means not planned yet.
	// +optional
	Maintenance *MaintenanceStatus `json:"maintenance,omitempty"`
}

// RecentSnapshotsLimit is how many Snapshots status.recentSnapshots of a Repository holds.
const RecentSnapshotsLimit = 5

// SnapshotInfo is what a Repository knows of a recent Snapshot. The operator writes it. Empty does not occur.
type SnapshotInfo struct {
	// Name of the Snapshot.
	// +optional
	Name string `json:"name,omitempty"`

	// Phase of the Snapshot.
	// +optional
	Phase SnapshotPhase `json:"phase,omitempty"`

	// Session of the BackupConfiguration that the Snapshot belongs to.
	// +optional
	Session string `json:"session,omitempty"`

	// Size of the Snapshot, for humans. Empty means not known.
	// +optional
	Size string `json:"size,omitempty"`

	// SizeBytes is size in bytes. Empty means not known.
	// +optional
	SizeBytes *int64 `json:"sizeBytes,omitempty"`

	// SnapshotTime is when the Snapshot was taken.
	// +optional
	SnapshotTime *metav1.Time `json:"snapshotTime,omitempty"`
}

// RepositoryPhase sums up a Repository. The operator computes it from the conditions. Empty means not seen yet.
//
// +kubebuilder:validation:Enum=NotReady;Ready
type RepositoryPhase string

const (
	// RepositoryPhaseReady means that backups can be kept here.
	RepositoryPhaseReady RepositoryPhase = "Ready"
	// RepositoryPhaseNotReady means that they can't; the conditions say why.
	RepositoryPhaseNotReady RepositoryPhase = "NotReady"
)

// Conditions of a Repository, and their reasons.
const (
	// ConditionRepositoryInitialized says whether the backend holds the Repository's folder and repository.yaml.
	// Reasons: RepositoryInitializationSucceeded, RepositoryInitializationFailed.
	ConditionRepositoryInitialized = "RepositoryInitialized"

	ReasonRepositoryInitializationSucceeded = "RepositoryInitializationSucceeded"
	ReasonRepositoryInitializationFailed    = "RepositoryInitializationFailed"
)
