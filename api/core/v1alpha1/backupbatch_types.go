// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// BackupBatch says how several targets are backed up together: with one schedule, in one BackupSession. Users create it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=backupbatches,singular=backupbatch,categories={kubestash,appscode,all}
// +kubebuilder:metadata:labels="app.kubernetes.io/name=kubestash"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase",priority=1
// +kubebuilder:printcolumn:name="Paused",type="boolean",JSONPath=".spec.paused",priority=1
type BackupBatch struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what the user wants.
	// +required
	Spec BackupBatchSpec `json:"spec"`

	// Status is what the operator sees.
	// +optional
	Status BackupBatchStatus `json:"status,omitzero"`
}

// BackupBatchList is a list of BackupBatches.
//
// +kubebuilder:object:root=true
type BackupBatchList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []BackupBatch `json:"items"`
}

// BackupBatchSpec is what the user wants to be backed up together. Users write it. Empty is refused.
//
// +kubebuilder:validation:XValidation:rule="self.sessions.all(s, !has(s.targets) || s.targets.all(t, self.targets.exists(known, known.name == t.name)))",message="a session names a target that is not in spec.targets: correct sessions[].targets[].name, or add the target",fieldPath=".sessions"
type BackupBatchSpec struct {
	// Backends are where backups may go. Empty means the default BackupStorage with the default RetentionPolicy.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Backends []BackendReference `json:"backends,omitempty"`

	// Targets are what is backed up. At least one is needed; their names are unique.
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Targets []BatchTarget `json:"targets"`

	// Sessions are the schedules. At least one is needed; their names are unique.
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Sessions []BatchSession `json:"sessions"`

	// Paused suspends the schedules and stops the operator from acting on this BackupBatch. Backups that run are not stopped.
	// +optional
	Paused bool `json:"paused,omitempty"`
}

// BatchTarget is something that a BackupBatch backs up. Users write it. Empty is refused.
//
// +kubebuilder:validation:XValidation:rule="has(self.appRef)",message="a target needs to say what it is: set appRef",reason=FieldValueRequired,fieldPath=".appRef"
type BatchTarget struct {
	// Name of the target, by which sessions refer to it. It is part of the names of what is made for it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// AppRef is what is backed up. An empty namespace means the BackupBatch's. It is needed.
	// +optional
	AppRef *metav1alpha1.TypedObjectReference `json:"appRef,omitempty"`
}

// BatchSession is one schedule of a BackupBatch: when, how, and whereto each target is backed up. Users write it. Empty is refused.
//
// +kubebuilder:validation:XValidation:rule="has(self.scheduler)",message="a session needs a scheduler: set scheduler.schedule, such as '0 3 * * *'",reason=FieldValueRequired,fieldPath=".scheduler"
// +kubebuilder:validation:XValidation:rule="has(self.targets) && size(self.targets) > 0",message="a session needs something to back up: set targets",reason=FieldValueRequired,fieldPath=".targets"
type BatchSession struct {
	SessionConfig `json:",inline"`

	// Targets are what the session backs up: some of spec.targets, or all of them. At least one is needed.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Targets []BatchSessionTarget `json:"targets,omitempty"`
}

// BatchSessionTarget says how a session of a BackupBatch backs one target up. Users write it. Empty is refused.
//
// +kubebuilder:validation:XValidation:rule="has(self.addon) && has(self.addon.name) && size(self.addon.name) > 0",message="a target needs an addon: set addon.name, such as workload-addon or pvc-addon",reason=FieldValueRequired,fieldPath=".addon"
// +kubebuilder:validation:XValidation:rule="!has(self.addon) || (has(self.addon.tasks) && size(self.addon.tasks) > 0)",message="the addon of a target needs a task: set addon.tasks, such as logical-backup",reason=FieldValueRequired,fieldPath=".addon"
// +kubebuilder:validation:XValidation:rule="has(self.repositories) && size(self.repositories) > 0",message="a target needs a repository to keep its backups in: set repositories",reason=FieldValueRequired,fieldPath=".repositories"
type BatchSessionTarget struct {
	// Name of the target in spec.targets.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// Addon says how the target is backed up. It is needed.
	// +optional
	Addon *AddonInfo `json:"addon,omitempty"`

	// Repositories are where the backups of this target go: each gets a Snapshot of its own, and holds backups of no other target. At
	// least one is needed; their names are unique.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Repositories []RepositoryInfo `json:"repositories,omitempty"`
}

// BackupBatchStatus is what the operator sees of a BackupBatch. The operator writes it. Empty means that the operator has not seen it
// yet.
type BackupBatchStatus struct {
	OffshootStatus `json:",inline"`

	// Phase of the BackupBatch, computed as a BackupConfiguration's. Empty means that the operator has not seen it yet.
	// +optional
	Phase BackupConfigurationPhase `json:"phase,omitempty"`

	// Targets tells of each of spec.targets whether it exists.
	// +optional
	Targets []ResourceFoundStatus `json:"targets,omitempty"`

	// Conditions are ValidationPassed and Ready.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1alpha1.Condition `json:"conditions,omitempty"`
}

// Reasons of a BackupBatch's condition Ready.
const (
	ReasonBackupBatchReady    = "BackupBatchReady"
	ReasonBackupBatchNotReady = "BackupBatchNotReady"
	ReasonBackupBatchInvalid  = "BackupBatchInvalid"
)
