// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// RestoreSession is one restore. Users create it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=restoresessions,singular=restoresession,shortName=restore,categories={kubestash,appscode,all}
// +kubebuilder:metadata:labels="app.kubernetes.io/name=kubestash"
// +kubebuilder:printcolumn:name="Repository",type="string",JSONPath=".spec.dataSource.repository"
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:printcolumn:name="Duration",type="string",JSONPath=".status.duration"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="Snapshot",type="string",JSONPath=".spec.dataSource.snapshot",priority=1
// +kubebuilder:printcolumn:name="Target-Kind",type="string",JSONPath=".spec.target.kind",priority=1
// +kubebuilder:printcolumn:name="Target-Name",type="string",JSONPath=".spec.target.name",priority=1
type RestoreSession struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what the user wants.
	// +required
	Spec RestoreSessionSpec `json:"spec"`

	// Status says how it goes.
	// +optional
	Status RestoreSessionStatus `json:"status,omitzero"`
}

// RestoreSessionList is a list of RestoreSessions.
//
// +kubebuilder:object:root=true
type RestoreSessionList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []RestoreSession `json:"items"`
}

// RestoreSessionSpec is what the user wants to be restored. Users write it. Empty is refused.
//
// +kubebuilder:validation:XValidation:rule="has(self.dataSource)",message="a RestoreSession must say what to restore: set dataSource.repository and dataSource.snapshot",reason=FieldValueRequired,fieldPath=".dataSource"
type RestoreSessionSpec struct {
	// Target is what is restored into. An empty namespace means the RestoreSession's. Empty when the restore makes what it fills, as
	// with VolumeSnapshots and manifests.
	// +optional
	Target *metav1alpha1.TypedObjectReference `json:"target,omitempty"`

	// DataSource says what is restored. It is needed.
	// +optional
	DataSource *RestoreDataSource `json:"dataSource,omitempty"`

	// Addon says how it is restored.
	// +optional
	Addon *AddonInfo `json:"addon,omitempty"`

	// Hooks run before and after the restore. Empty means none.
	// +optional
	Hooks *RestoreHooks `json:"hooks,omitempty"`

	// RestoreTimeout is how long the restore may take, as in "30m" or "1h30m". Empty means without a limit.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^(0|([0-9]+([.][0-9]+)?(ns|us|µs|μs|ms|s|m|h))+)$')",message="restoreTimeout must be a duration such as 30s, 5m or 1h30m"
	RestoreTimeout *metav1.Duration `json:"restoreTimeout,omitempty"`

	// ManifestOptions say how manifests are restored. Empty means as they were.
	// +optional
	ManifestOptions *ManifestRestoreOptions `json:"manifestOptions,omitempty"`
}

// RestoreDataSource says what is restored: a Snapshot by name, the latest of a Repository, or a point in time. Users write it. Empty is
// refused.
//
// +kubebuilder:validation:XValidation:rule="has(self.pitr) || (has(self.snapshot) && size(self.snapshot) > 0)",message="dataSource must say which backup to restore: set snapshot to a Snapshot's name or to latest, or set pitr",reason=FieldValueRequired,fieldPath=".snapshot"
// +kubebuilder:validation:XValidation:rule="!has(self.pitr) || !has(self.snapshot) || size(self.snapshot) == 0",message="dataSource can't have both snapshot and pitr: keep the one that you mean",reason=FieldValueForbidden,fieldPath=".snapshot"
// +kubebuilder:validation:XValidation:rule="!has(self.snapshot) || self.snapshot != 'latest' || (has(self.repository) && size(self.repository) > 0)",message="snapshot: latest needs the Repository to look in: set dataSource.repository",reason=FieldValueRequired,fieldPath=".repository"
// +kubebuilder:validation:XValidation:rule="!has(self.pitr) || (has(self.repository) && size(self.repository) > 0)",message="pitr needs the Repository to look in: set dataSource.repository",reason=FieldValueRequired,fieldPath=".repository"
type RestoreDataSource struct {
	// Namespace of the Repository and the Snapshot. Empty means the RestoreSession's.
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// Repository to restore from. It is needed with `snapshot: latest` and with pitr.
	// +optional
	Repository string `json:"repository,omitempty"`

	// Snapshot is the name of a Snapshot, or latest for the newest that succeeded. It is needed unless pitr is set.
	// +optional
	Snapshot string `json:"snapshot,omitempty"`

	// PITR is a point in time to restore: files as the newest Snapshot at or before it has them, databases from their archived logs.
	// It takes the place of snapshot.
	// +optional
	PITR *PITR `json:"pitr,omitempty"`

	// Components of the Snapshot to restore. Empty means all.
	// +optional
	Components []string `json:"components,omitempty"`

	// EncryptionSecret is the Secret that holds RESTIC_PASSWORD. An empty namespace means the RestoreSession's. Empty means that of the
	// Repository. Data of another namespace needs it, in the RestoreSession's own namespace.
	// +optional
	EncryptionSecret *metav1alpha1.ObjectReference `json:"encryptionSecret,omitempty"`
}

// PITR is a point in time to restore. Users write it. Empty is refused.
//
// +kubebuilder:validation:XValidation:rule="has(self.targetTime)",message="pitr needs the point in time to restore: set targetTime, such as 2026-01-31T12:00:00Z",reason=FieldValueRequired,fieldPath=".targetTime"
type PITR struct {
	// TargetTime is the point in time. It is needed.
	// +optional
	TargetTime *metav1.Time `json:"targetTime,omitempty"`

	// Exclusive leaves out what happened exactly at targetTime.
	// +optional
	Exclusive bool `json:"exclusive,omitempty"`
}

// RestoreSessionStatus says how a restore goes. The operator writes it. Empty means that the operator has not seen it yet.
type RestoreSessionStatus struct {
	// Phase of the RestoreSession. Empty means that the operator has not seen it yet.
	// +optional
	Phase RestoreSessionPhase `json:"phase,omitempty"`

	// TargetFound says whether the target exists. Empty means not looked for yet.
	// +optional
	TargetFound *bool `json:"targetFound,omitempty"`

	// Duration from the start to the end, as in "25s". Empty means that it has not ended.
	// +optional
	Duration string `json:"duration,omitempty"`

	// RestoreDeadline is when the restore fails if it has not ended. Empty means never, or that it has not started.
	// +optional
	RestoreDeadline *metav1.Time `json:"restoreDeadline,omitempty"`

	// TotalComponents is how many components are restored. It is set before any component.
	// +optional
	TotalComponents int32 `json:"totalComponents,omitempty"`

	// Components that are restored, by name.
	// +optional
	// +mapType=granular
	Components map[string]ComponentRestoreStatus `json:"components,omitempty"`

	// Hooks tells how the hooks went.
	// +optional
	Hooks HookStatus `json:"hooks,omitzero"`

	// Dependencies are the objects that are referred to, such as the Snapshot and the Addon.
	// +optional
	Dependencies []ResourceFoundStatus `json:"dependencies,omitempty"`

	// PausedBackups are the BackupConfigurations of the same target: while the restore writes, their runs are skipped. Empty again
	// when it has ended.
	// +optional
	PausedBackups []metav1alpha1.TypedObjectReference `json:"pausedBackups,omitempty"`

	// Conditions are the steps that were made: ValidationPassed, PreRestoreHooksExecutionSucceeded, RestoreExecutorEnsured,
	// PostRestoreHooksExecutionSucceeded and, last, MetricsPushed; and, when it is so, RestoreTargetFound, RestoreWaiting and
	// RestoreIncomplete.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1alpha1.Condition `json:"conditions,omitempty"`
}

// ComponentRestoreStatus tells how the restore of one component goes. The operator writes it, from what its pod reports. Empty means
// Pending.
type ComponentRestoreStatus struct {
	// Phase of the component. Empty means Pending.
	// +optional
	Phase RestoreSessionPhase `json:"phase,omitempty"`

	// Progress is how far restic is, or was when it ended.
	// +optional
	Progress *RestoreProgress `json:"progress,omitempty"`

	// Duration of the restore, as in "10.595356615s". Empty means that it has not ended.
	// +optional
	Duration string `json:"duration,omitempty"`

	// Error says why the component failed, and what to do about it.
	// +optional
	Error string `json:"error,omitempty"`
}

// RestoreProgress is how far a restore is. The operator writes it, at most every ten seconds. Empty means that nothing has been heard of
// it yet.
type RestoreProgress struct {
	// SecondsElapsed since restic began.
	// +optional
	SecondsElapsed int64 `json:"secondsElapsed,omitempty"`

	// PercentDone, with two decimals and the sign: "42.17%". Empty means not known.
	// +optional
	PercentDone string `json:"percentDone,omitempty"`

	// TotalFiles is how many files and folders there are to restore.
	// +optional
	TotalFiles int64 `json:"totalFiles,omitempty"`

	// FilesDone is how many of them are done.
	// +optional
	FilesDone int64 `json:"filesDone,omitempty"`

	// RestoreDone is how much of the data is done, for humans, in decimal units: "1.2MB".
	// +optional
	RestoreDone string `json:"restoreDone,omitempty"`

	// RestoreDoneBytes is restoreDone in bytes.
	// +optional
	RestoreDoneBytes int64 `json:"restoreDoneBytes,omitempty"`

	// Total is how much data there is to restore, for humans, in decimal units. Empty means not known.
	// +optional
	Total string `json:"total,omitempty"`

	// TotalBytes is total in bytes. Zero means not known.
	// +optional
	TotalBytes int64 `json:"totalBytes,omitempty"`

	// Speed is restoreDone per second: "1.2MB/s". Empty means not known.
	// +optional
	Speed string `json:"speed,omitempty"`
}

// RestoreSessionPhase sums up a RestoreSession, or one component of it. The operator computes it from conditions and components. Empty
// means not seen yet.
//
// +kubebuilder:validation:Enum=Pending;Running;Failed;Succeeded;Invalid;Unknown
type RestoreSessionPhase string

const (
	// RestoreSessionPhasePending means that no component has started.
	RestoreSessionPhasePending RestoreSessionPhase = "Pending"
	// RestoreSessionPhaseRunning means that it is at work.
	RestoreSessionPhaseRunning RestoreSessionPhase = "Running"
	// RestoreSessionPhaseFailed means that a component or a step failed; the conditions say which.
	RestoreSessionPhaseFailed RestoreSessionPhase = "Failed"
	// RestoreSessionPhaseSucceeded means that every component was restored and every step was made.
	RestoreSessionPhaseSucceeded RestoreSessionPhase = "Succeeded"
	// RestoreSessionPhaseInvalid means that it has to be corrected; condition ValidationPassed says what. Nothing was written.
	RestoreSessionPhaseInvalid RestoreSessionPhase = "Invalid"
	// RestoreSessionPhaseUnknown means that a component's outcome can't be told.
	RestoreSessionPhaseUnknown RestoreSessionPhase = "Unknown"
)

// Conditions of a RestoreSession, and their reasons. It also has ValidationPassed and MetricsPushed.
const (
	// ConditionRestoreTargetFound is False when it can't be told whether the target exists.
	// Reasons: UnableToCheckTargetAvailability.
	ConditionRestoreTargetFound = "RestoreTargetFound"
	// ConditionRestoreExecutorEnsured says whether the Jobs were created.
	// Reasons: SuccessfullyEnsuredRestoreExecutor, FailedToEnsureRestoreExecutor.
	ConditionRestoreExecutorEnsured = "RestoreExecutorEnsured"
	// ConditionPreRestoreHooksExecutionSucceeded says how the hooks before the restore went.
	// Reasons: SuccessfullyExecutedPreRestoreHooks, FailedToExecutePreRestoreHooks.
	ConditionPreRestoreHooksExecutionSucceeded = "PreRestoreHooksExecutionSucceeded"
	// ConditionPostRestoreHooksExecutionSucceeded says how the hooks after the restore went.
	// Reasons: SuccessfullyExecutedPostRestoreHooks, FailedToExecutePostRestoreHooks.
	ConditionPostRestoreHooksExecutionSucceeded = "PostRestoreHooksExecutionSucceeded"
	// ConditionRestoreIncomplete is True, and bad, when a pod ended before its component was restored.
	// Reasons: RestoreExecutorTerminatedBeforeCompletion.
	ConditionRestoreIncomplete = "RestoreIncomplete"
	// ConditionRestoreWaiting is True while the restore waits for somebody else who reads or writes the target. It is False once it
	// has started.
	// Reasons: TargetInUse, TargetFree.
	ConditionRestoreWaiting = "RestoreWaiting"

	ReasonTargetInUse                               = "TargetInUse"
	ReasonTargetFree                                = "TargetFree"
	ReasonUnableToCheckTargetAvailability           = "UnableToCheckTargetAvailability"
	ReasonSuccessfullyEnsuredRestoreExecutor        = "SuccessfullyEnsuredRestoreExecutor"
	ReasonFailedToEnsureRestoreExecutor             = "FailedToEnsureRestoreExecutor"
	ReasonSuccessfullyExecutedPreRestoreHooks       = "SuccessfullyExecutedPreRestoreHooks"
	ReasonFailedToExecutePreRestoreHooks            = "FailedToExecutePreRestoreHooks"
	ReasonSuccessfullyExecutedPostRestoreHooks      = "SuccessfullyExecutedPostRestoreHooks"
	ReasonFailedToExecutePostRestoreHooks           = "FailedToExecutePostRestoreHooks"
	ReasonRestoreExecutorTerminatedBeforeCompletion = "RestoreExecutorTerminatedBeforeCompletion"
)
