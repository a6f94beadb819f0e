// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// BackupConfiguration says what is backed up, when, how and whereto. Users create it, or a BackupBlueprint does.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=backupconfigurations,singular=backupconfiguration,shortName=bc,categories={kubestash,appscode,all}
// +kubebuilder:metadata:labels="app.kubernetes.io/name=kubestash"
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:printcolumn:name="Paused",type="boolean",JSONPath=".spec.paused"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="Target-Kind",type="string",JSONPath=".spec.target.kind",priority=1
// +kubebuilder:printcolumn:name="Target-Name",type="string",JSONPath=".spec.target.name",priority=1
type BackupConfiguration struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what the user wants.
	// +required
	Spec BackupConfigurationSpec `json:"spec"`

	// Status is what the operator sees.
	// +optional
	Status BackupConfigurationStatus `json:"status,omitzero"`
}

// BackupConfigurationList is a list of BackupConfigurations.
//
// +kubebuilder:object:root=true
type BackupConfigurationList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []BackupConfiguration `json:"items"`
}

// BackupConfigurationSpec is what the user wants to be backed up. Users write it. Empty is refused.
//
// +kubebuilder:validation:XValidation:rule="!has(self.backends) || size(self.backends) == 0 || !has(self.sessions) || self.sessions.all(s, !has(s.repositories) || s.repositories.all(r, !has(r.backend) || size(r.backend) == 0 || self.backends.exists(b, has(b.name) && b.name == r.backend)))",message="a repository names a backend that is not in spec.backends: correct sessions[].repositories[].backend, or add the backend",fieldPath=".sessions"
type BackupConfigurationSpec struct {
	// Target is what is backed up. An empty namespace means the BackupConfiguration's. Empty means that there is no single target, as in a
	// backup of the cluster's manifests.
	// +optional
	Target *metav1alpha1.TypedObjectReference `json:"target,omitempty"`

	// Backends are where backups may go. Empty means the default BackupStorage with the default RetentionPolicy.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Backends []BackendReference `json:"backends,omitempty"`

	// Sessions are the schedules. At least one is needed; their names are unique.
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Sessions []Session `json:"sessions"`

	// Paused suspends the schedules and stops the operator from acting on this BackupConfiguration. Backups that run are not stopped.
	// +optional
	Paused bool `json:"paused,omitempty"`
}

// BackupConfigurationStatus is what the operator sees of a BackupConfiguration. The operator writes it. Empty means that the operator
// has not seen it yet.
type BackupConfigurationStatus struct {
	OffshootStatus `json:",inline"`

	// Phase of the BackupConfiguration. Empty means that the operator has not seen it yet.
	// +optional
	Phase BackupConfigurationPhase `json:"phase,omitempty"`

	// TargetFound says whether the target exists. It is true without a target. Empty means not looked for yet.
	// +optional
	TargetFound *bool `json:"targetFound,omitempty"`

	// Conditions are ValidationPassed and Ready.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1alpha1.Condition `json:"conditions,omitempty"`
}

// OffshootStatus tells of what a BackupConfiguration refers to and makes. The operator writes it. Empty means not looked at yet.
type OffshootStatus struct {
	// Backends tells of each of spec.backends.
	// +optional
	Backends []BackendStatus `json:"backends,omitempty"`

	// Repositories tells of each Repository.
	// +optional
	Repositories []RepositoryStatus `json:"repositories,omitempty"`

	// Dependencies are the other objects that are referred to, such as Addons.
	// +optional
	Dependencies []ResourceFoundStatus `json:"dependencies,omitempty"`

	// Sessions tells of each of spec.sessions.
	// +optional
	Sessions []SessionStatus `json:"sessions,omitempty"`
}

// BackendStatus tells of a backend. The operator writes it. Empty means not looked at yet.
type BackendStatus struct {
	// Name of the backend. Empty for the one that has none.
	// +optional
	Name string `json:"name,omitempty"`

	// Ready says whether backups can go there. Empty means not looked at yet.
	// +optional
	Ready *bool `json:"ready,omitempty"`

	// Storage tells of the BackupStorage.
	// +optional
	Storage *StorageStatus `json:"storage,omitempty"`

	// RetentionPolicy tells of the RetentionPolicy.
	// +optional
	RetentionPolicy *RetentionPolicyStatus `json:"retentionPolicy,omitempty"`
}

// StorageStatus tells of the BackupStorage of a backend. The operator writes it. Empty means not looked for yet.
type StorageStatus struct {
	// Ref is the BackupStorage.
	// +optional
	Ref metav1alpha1.ObjectReference `json:"ref,omitzero"`

	// Phase of the BackupStorage.
	// +optional
	Phase storagev1alpha1.BackupStoragePhase `json:"phase,omitempty"`

	// Reason says why the BackupStorage can't be used.
	// +optional
	Reason string `json:"reason,omitempty"`
}

// RetentionPolicyStatus tells of the RetentionPolicy of a backend. The operator writes it. Empty means not looked for yet.
type RetentionPolicyStatus struct {
	// Ref is the RetentionPolicy.
	// +optional
	Ref metav1alpha1.ObjectReference `json:"ref,omitzero"`

	// Found says whether it exists and may be used. Empty means not looked for yet.
	// +optional
	Found *bool `json:"found,omitempty"`

	// Reason says why it can't be used.
	// +optional
	Reason string `json:"reason,omitempty"`
}

// RepositoryStatus tells of a Repository of a BackupConfiguration. The operator writes it. Empty means not looked for yet.
type RepositoryStatus struct {
	// Name of the Repository.
	// +optional
	Name string `json:"name,omitempty"`

	// Phase of the Repository.
	// +optional
	Phase storagev1alpha1.RepositoryPhase `json:"phase,omitempty"`

	// Reason says why the Repository can't be used.
	// +optional
	Reason string `json:"reason,omitempty"`

	// VerificationConfigured says whether a BackupVerifier tries its backups out.
	// +optional
	VerificationConfigured bool `json:"verificationConfigured,omitempty"`
}

// ResourceFoundStatus says whether an object that is referred to exists. The operator writes it. Empty means not looked for yet.
type ResourceFoundStatus struct {
	// TypedObjectReference is the object.
	metav1alpha1.TypedObjectReference `json:",inline"`

	// Found says whether it exists. Empty means not looked for yet.
	// +optional
	Found *bool `json:"found,omitempty"`
}

// SessionStatus tells of a session of a BackupConfiguration. The operator writes it. Empty means not looked at yet.
type SessionStatus struct {
	// Name of the session.
	// +optional
	Name string `json:"name,omitempty"`

	// NextSchedule is when the session runs next, in RFC 3339. Empty when it is suspended.
	// +optional
	NextSchedule string `json:"nextSchedule,omitempty"`

	// Conditions are SchedulerEnsured and InitialBackupTriggered.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1alpha1.Condition `json:"conditions,omitempty"`
}

// BackupConfigurationPhase sums up a BackupConfiguration. The operator computes it from the rest of the status. Empty means not seen
// yet.
//
// +kubebuilder:validation:Enum=NotReady;Ready;Invalid
type BackupConfigurationPhase string

const (
	// BackupConfigurationPhaseNotReady means that something that it needs is missing.
	BackupConfigurationPhaseNotReady BackupConfigurationPhase = "NotReady"
	// BackupConfigurationPhaseReady means that its backups run.
	BackupConfigurationPhaseReady BackupConfigurationPhase = "Ready"
	// BackupConfigurationPhaseInvalid means that it has to be corrected; condition ValidationPassed says what.
	BackupConfigurationPhaseInvalid BackupConfigurationPhase = "Invalid"
)

// Conditions of a BackupConfiguration, and their reasons. ValidationPassed is also a condition of a RestoreSession.
const (
	// ConditionValidationPassed says whether the object makes sense.
	// Reasons: ResourceValidationPassed, ResourceValidationFailed.
	ConditionValidationPassed = "ValidationPassed"
	// ConditionSchedulerEnsured, of a session, says whether its CronJob is as it should be.
	// Reasons: SchedulerEnsured, SchedulerNotEnsured.
	ConditionSchedulerEnsured = "SchedulerEnsured"
	// ConditionInitialBackupTriggered, of a session, says whether its first BackupSession was created.
	// Reasons: SuccessfullyTriggeredInitialBackup, FailedToTriggerInitialBackup.
	ConditionInitialBackupTriggered = "InitialBackupTriggered"
	// ConditionReady sums a BackupConfiguration up; its message lists all that is missing, and what to do about it.
	// Reasons: BackupConfigurationReady, BackupConfigurationNotReady, BackupConfigurationInvalid.
	ConditionReady = "Ready"

	ReasonResourceValidationPassed           = "ResourceValidationPassed"
	ReasonResourceValidationFailed           = "ResourceValidationFailed"
	ReasonSchedulerEnsured                   = "SchedulerEnsured"
	ReasonSchedulerNotEnsured                = "SchedulerNotEnsured"
	ReasonSuccessfullyTriggeredInitialBackup = "SuccessfullyTriggeredInitialBackup"
	ReasonFailedToTriggerInitialBackup       = "FailedToTriggerInitialBackup"
	ReasonBackupConfigurationReady           = "BackupConfigurationReady"
	ReasonBackupConfigurationNotReady        = "BackupConfigurationNotReady"
	ReasonBackupConfigurationInvalid         = "BackupConfigurationInvalid"
)
