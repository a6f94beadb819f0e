// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// BackupStorage is a place that backups are kept in. Users create it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=backupstorages,singular=backupstorage,categories={kubestash,appscode,all}
// +kubebuilder:metadata:labels="app.kubernetes.io/name=kubestash"
// +kubebuilder:printcolumn:name="Provider",type="string",JSONPath=".spec.storage.provider"
// +kubebuilder:printcolumn:name="Default",type="boolean",JSONPath=".spec.default"
// +kubebuilder:printcolumn:name="Deletion-Policy",type="string",JSONPath=".spec.deletionPolicy"
// +kubebuilder:printcolumn:name="Total-Size",type="string",JSONPath=".status.totalSize"
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:validation:XValidation:rule="!has(self.status) || !has(self.status.repositories) || size(self.status.repositories) == 0 || self.spec.storage == oldSelf.spec.storage",message="storage can't be changed while Repositories are kept there: their backups would be out of reach; make a new BackupStorage instead",reason=FieldValueForbidden,fieldPath=".spec.storage"
type BackupStorage struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what the user wants.
	// +required
	Spec BackupStorageSpec `json:"spec"`

	// Status is what the operator sees.
	// +optional
	Status BackupStorageStatus `json:"status,omitzero"`
}

// BackupStorageList is a list of BackupStorages.
//
// +kubebuilder:object:root=true
type BackupStorageList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []BackupStorage `json:"items"`
}

// BackupStorageSpec is what the user wants of a BackupStorage. Users write it. Empty is refused.
type BackupStorageSpec struct {
	// Storage is where the bytes live. It can't change while Repositories are kept there.
	// +required
	Storage Backend `json:"storage"`

	// UsagePolicy says which namespaces may keep their backups here. Empty means the BackupStorage's own.
	// +optional
	// +kubebuilder:default={allowedNamespaces: {from: Same}}
	UsagePolicy *metav1alpha1.UsagePolicy `json:"usagePolicy,omitempty"`

	// Default makes this the storage of BackupConfigurations that name none. There is at most one in a namespace.
	// +optional
	Default bool `json:"default,omitempty"`

	// DeletionPolicy says what happens to the data when the BackupStorage is deleted. It is read at that moment.
	// +optional
	// +kubebuilder:default=Delete
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// MaxConcurrentBackups is how many BackupSessions may write here at once; others wait for their turn. Zero means without a limit. Empty
	// means what the operator's flag --max-concurrent-backups-per-storage says.
	// +optional
	// +kubebuilder:validation:Minimum=0
	MaxConcurrentBackups *int32 `json:"maxConcurrentBackups,omitempty"`

	// RuntimeSettings shape the Jobs that initialise, maintain and clean the storage. Empty means defaults.
	// +optional
	RuntimeSettings metav1alpha1.RuntimeSettings `json:"runtimeSettings,omitzero"`

	// Maintenance says when the data of Repositories is pruned and checked that say nothing else. Empty means once a week.
	// +optional
	Maintenance *StorageMaintenanceSpec `json:"maintenance,omitempty"`
}

// DeletionPolicy says what is lost with an object. Users write it. Empty means Delete.
//
// +kubebuilder:validation:Enum=Delete;WipeOut
type DeletionPolicy string

const (
	// DeletionPolicyDelete removes objects from the cluster and keeps the data in the backend.
	DeletionPolicyDelete DeletionPolicy = "Delete"
	// DeletionPolicyWipeOut removes the data in the backend too.
	DeletionPolicyWipeOut DeletionPolicy = "WipeOut"
)

// BackupStorageStatus is what the operator sees of a BackupStorage. The operator writes it. Empty means that the operator has not seen
// it yet.
type BackupStorageStatus struct {
	// Phase is Ready or NotReady. Empty means that the operator has not seen the BackupStorage yet.
	// +optional
	Phase BackupStoragePhase `json:"phase,omitempty"`

	// TotalSize is the sum of the sizes of the Repositories, for humans: "1.234 GiB". Empty means not known yet.
	// +optional
	TotalSize string `json:"totalSize,omitempty"`

	// TotalSizeBytes is totalSize in bytes. Empty means not known yet.
	// +optional
	TotalSizeBytes *int64 `json:"totalSizeBytes,omitempty"`

	// Repositories are those that are kept here. Of more than 1000, or of very long names, it lists a part: those with an error first, then
	// by their namespaces and names. Empty means that there is none.
	// +optional
	Repositories []RepositoryInfo `json:"repositories,omitempty"`

	// RepositoryCount is how many Repositories are kept here, of which repositories may list a part. Empty means none.
	// +optional
	RepositoryCount int32 `json:"repositoryCount,omitempty"`

	// Sync tells how reading the backend back goes: a BackupStorage over data that is there already makes its Repositories and
	// Snapshots in the cluster again. Empty means that the backend has not been read yet.
	// +optional
	Sync *BackendSync `json:"sync,omitempty"`

	// Conditions are BackendInitialized, BackendSecretFound and BackendSynced.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1alpha1.Condition `json:"conditions,omitempty"`
}

// RepositoryInfo is what a BackupStorage knows of a Repository. The operator writes it, also into the backend's metadata.yaml. Empty
// does not occur.
type RepositoryInfo struct {
	// Name of the Repository.
	// +optional
	Name string `json:"name,omitempty"`

	// Namespace of the Repository.
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// Path of the Repository below the storage's prefix.
	// +optional
	Path string `json:"path,omitempty"`

	// Size of the Repository, for humans. Empty means not known yet.
	// +optional
	Size string `json:"size,omitempty"`

	// SizeBytes is size in bytes. Empty means not known yet.
	// +optional
	SizeBytes *int64 `json:"sizeBytes,omitempty"`

	// Synced says whether the Repository and its Snapshots in the cluster are those of the backend. Empty means not looked at yet.
	// +optional
	Synced *bool `json:"synced,omitempty"`

	// Error says why the Repository is not synced.
	// +optional
	Error *string `json:"error,omitempty"`
}

// BackendSync tells how far what was found in the backend is in the cluster. The operator writes it. Empty does not occur.
type BackendSync struct {
	// Location is the place that is read, or was.
	// +optional
	Location string `json:"location,omitempty"`

	// Request is the value of the annotation storage.kubestash.com/sync that this answers. Empty means that nobody had to ask.
	// +optional
	Request string `json:"request,omitempty"`

	// StartTime is when reading began.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`

	// CompletionTime is when everything had been read. Empty, or before startTime, means that it is being read.
	// +optional
	CompletionTime *metav1.Time `json:"completionTime,omitempty"`

	// After is the last document that was taken in, while the backend is being read.
	// +optional
	After string `json:"after,omitempty"`

	// Repositories is how many Repositories were made.
	// +optional
	Repositories int32 `json:"repositories,omitempty"`

	// Snapshots is how many Snapshots were made.
	// +optional
	Snapshots int32 `json:"snapshots,omitempty"`
}

// BackupStoragePhase sums up a BackupStorage. The operator computes it from the conditions. Empty means not seen yet.
type BackupStoragePhase string

const (
	// BackupStoragePhaseReady means that backups can be kept here.
	BackupStoragePhaseReady BackupStoragePhase = "Ready"
	// BackupStoragePhaseNotReady means that they can't; the conditions say why.
	BackupStoragePhaseNotReady BackupStoragePhase = "NotReady"
)

// Conditions of a BackupStorage, and their reasons.
const (
	// ConditionBackendInitialized says whether the backend could be reached and written to.
	// Reasons: BackendInitializationSucceeded, BackendInitializationFailed.
	ConditionBackendInitialized = "BackendInitialized"
	// ConditionBackendSecretFound says whether the Secret that secretName names has what the provider needs. It is absent when no
	// Secret is named. Reasons: BackendSecretAvailable, BackendSecretNotAvailable.
	ConditionBackendSecretFound = "BackendSecretFound"

	// ConditionBackendSynced says whether the Repositories and Snapshots that were found in the backend are in the cluster. It is absent
	// when there was nothing to make. Reasons: BackendSyncSucceeded, BackendSyncInProgress, BackendSyncIncomplete.
	ConditionBackendSynced = "BackendSynced"
	// ConditionDefault is there, and False, when a storage that says default isn't the one: another one of its namespace was first.
	// The storage works all the same. Reasons: AnotherDefault.
	ConditionDefault = "Default"

	ReasonBackendInitializationSucceeded = "BackendInitializationSucceeded"
	ReasonBackendInitializationFailed    = "BackendInitializationFailed"
	ReasonBackendSecretAvailable         = "BackendSecretAvailable"
	ReasonBackendSecretNotAvailable      = "BackendSecretNotAvailable"
	ReasonBackendSyncSucceeded           = "BackendSyncSucceeded"
	ReasonBackendSyncInProgress          = "BackendSyncInProgress"
	ReasonBackendSyncIncomplete          = "BackendSyncIncomplete"
	ReasonAnotherDefault                 = "AnotherDefault"
)
