// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// BackupSession is one run of a session of a BackupConfiguration. The operator creates it at each slot; users may create one too, for a
// backup now.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=backupsessions,singular=backupsession,categories={kubestash,appscode,all}
// +kubebuilder:metadata:labels="app.kubernetes.io/name=kubestash"
// +kubebuilder:printcolumn:name="Invoker-Type",type="string",JSONPath=".spec.invoker.kind"
// +kubebuilder:printcolumn:name="Invoker-Name",type="string",JSONPath=".spec.invoker.name"
// +kubebuilder:printcolumn:name="Phase",type="string",JSONPath=".status.phase"
// +kubebuilder:printcolumn:name="Duration",type="string",JSONPath=".status.duration"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="Session",type="string",JSONPath=".spec.session",priority=1
// +kubebuilder:printcolumn:name="Deadline",type="string",JSONPath=".status.backupDeadline",priority=1
// +kubebuilder:validation:XValidation:rule="self.spec == oldSelf.spec",message="the spec of a BackupSession can't be changed: it says what was run; create another BackupSession instead",reason=FieldValueForbidden,fieldPath=".spec"
type BackupSession struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec says what is run. It can't change.
	// +required
	Spec BackupSessionSpec `json:"spec"`

	// Status says how it goes.
	// +optional
	Status BackupSessionStatus `json:"status,omitzero"`
}

// BackupSessionList is a list of BackupSessions.
//
// +kubebuilder:object:root=true
type BackupSessionList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []BackupSession `json:"items"`
}

// BackupSessionSpec says what is run. Whoever creates the BackupSession writes it. Empty names no session, and so is skipped.
type BackupSessionSpec struct {
	// Invoker is the BackupConfiguration, in the same namespace.
	// +optional
	Invoker *corev1.TypedLocalObjectReference `json:"invoker,omitempty"`

	// Session is the name of the session of the invoker.
	// +optional
	Session string `json:"session,omitempty"`

	// RetryLeft is how often the backup is tried again when it fails, each time with a new BackupSession that has one less. Zero means
	// not again.
	// +optional
	RetryLeft int32 `json:"retryLeft,omitempty"`

	// BackupTimeout is how long the backup may take, as in "30m", from the moment at which its turn has come. Empty means what the session of
	// the invoker says.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^(0|([0-9]+([.][0-9]+)?(ns|us|µs|μs|ms|s|m|h))+)$')",message="backupTimeout must be a duration such as 30s, 5m or 1h30m"
	BackupTimeout *metav1.Duration `json:"backupTimeout,omitempty"`
}

// BackupSessionStatus says how a backup goes. The operator writes it. Empty means that the operator has not seen it yet.
type BackupSessionStatus struct {
	// Phase of the BackupSession. Empty means that the operator has not seen it yet.
	// +optional
	Phase BackupSessionPhase `json:"phase,omitempty"`

	// Duration from the start to the end, as in "42s"; the time for which it waited for its turn doesn't count. Empty means that it has not
	// ended.
	// +optional
	Duration string `json:"duration,omitempty"`

	// BackupDeadline is when the backup fails if it has not ended: backupTimeout after its start. Waiting for its turn takes nothing of
	// that. Empty means never, or that it has not started.
	// +optional
	BackupDeadline *metav1.Time `json:"backupDeadline,omitempty"`

	// TotalSnapshots is how many Snapshots are taken. Empty means not known yet.
	// +optional
	TotalSnapshots *int32 `json:"totalSnapshots,omitempty"`

	// Snapshots that are taken: one for each Repository.
	// +optional
	Snapshots []SnapshotStatus `json:"snapshots,omitempty"`

	// Hooks tells how the hooks went.
	// +optional
	Hooks HookStatus `json:"hooks,omitzero"`

	// RetentionPolicies tells how old Snapshots were removed, for each Repository.
	// +optional
	RetentionPolicies []RetentionPolicyApplyStatus `json:"retentionPolicy,omitempty"`

	// Retried says whether the backup was tried again. Empty when the session has no retryConfig.
	// +optional
	Retried *bool `json:"retried,omitempty"`

	// NextRetry is when the backup is tried again. Empty means that it is not.
	// +optional
	NextRetry *metav1.Time `json:"nextRetry,omitempty"`

	// Conditions are the steps that were made: SnapshotsEnsured, BackupExecutorEnsured, PreBackupHooksExecutionSucceeded,
	// PostBackupHooksExecutionSucceeded, RetentionPolicyExecutorEnsured, SessionHistoryCleaned and, last, MetricsPushed; and, when it
	// is so, Queued, BackupSkipped, Replaced, SnapshotCleanupIncomplete and PodHasBeenInPendingStateForLongerThanExpected.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1alpha1.Condition `json:"conditions,omitempty"`
}

// SnapshotStatus tells of a Snapshot of a BackupSession. The operator writes it. Empty means that there is no Snapshot.
type SnapshotStatus struct {
	// Name of the Snapshot.
	// +optional
	Name string `json:"name,omitempty"`

	// Phase of the Snapshot.
	// +optional
	Phase storagev1alpha1.SnapshotPhase `json:"phase,omitempty"`

	// AppRef is what was backed up.
	// +optional
	AppRef *metav1alpha1.TypedObjectReference `json:"appRef,omitempty"`

	// Repository that holds the Snapshot.
	// +optional
	Repository string `json:"repository,omitempty"`

	// Target is the name of what was backed up in the spec.targets of a BackupBatch. Empty for a BackupConfiguration.
	// +optional
	Target string `json:"target,omitempty"`
}

// RetentionPolicyApplyStatus tells how old Snapshots of a Repository were removed. The operator writes it. Empty means not applied.
type RetentionPolicyApplyStatus struct {
	// Ref is the RetentionPolicy.
	// +optional
	Ref metav1alpha1.ObjectReference `json:"ref,omitzero"`

	// Repository that it was applied to.
	// +optional
	Repository string `json:"repository,omitempty"`

	// Phase says how it went. Empty means Pending.
	// +optional
	Phase RetentionPolicyApplyPhase `json:"phase,omitempty"`

	// Error says why it failed.
	// +optional
	Error string `json:"error,omitempty"`

	// Dropped are the Snapshots that went, each with the reason; at most 50. Empty means none.
	// +optional
	Dropped []RetentionDecision `json:"dropped,omitempty"`

	// Kept are the Snapshots of the session that stay, newest first, each with the reason; at most 50. Empty means none, or that the
	// policy could not be applied.
	// +optional
	Kept []RetentionDecision `json:"kept,omitempty"`

	// DroppedCount is how many Snapshots went, those beyond the list included. Empty means not applied yet.
	// +optional
	DroppedCount *int32 `json:"droppedCount,omitempty"`

	// KeptCount is how many Snapshots stay, those beyond the list included. Empty means not applied yet.
	// +optional
	KeptCount *int32 `json:"keptCount,omitempty"`
}

// RetentionDecisionsLimit is how many Snapshots each list of a RetentionPolicyApplyStatus holds.
const RetentionDecisionsLimit = 50

// RetentionDecision says what became of a Snapshot under a RetentionPolicy. The operator writes it. Empty does not occur.
type RetentionDecision struct {
	// Name of the Snapshot.
	// +optional
	Name string `json:"name,omitempty"`

	// Reason why it stays or went, for humans: "last 2 of 5, weekly 1 of 4 (2026-W09)", "older than 30d".
	// +optional
	Reason string `json:"reason,omitempty"`
}

// RetentionPolicyApplyPhase sums up how a RetentionPolicy was applied. The operator writes it. Empty means Pending.
//
// +kubebuilder:validation:Enum=Pending;Applied;FailedToApply
type RetentionPolicyApplyPhase string

const (
	// RetentionPolicyApplyPhasePending means not applied yet.
	RetentionPolicyApplyPhasePending RetentionPolicyApplyPhase = "Pending"
	// RetentionPolicyApplyPhaseApplied means that what it drops is gone.
	RetentionPolicyApplyPhaseApplied RetentionPolicyApplyPhase = "Applied"
	// RetentionPolicyApplyPhaseFailed means that some of it is still there; error says why.
	RetentionPolicyApplyPhaseFailed RetentionPolicyApplyPhase = "FailedToApply"
)

// BackupSessionPhase sums up a BackupSession. The operator computes it from conditions and Snapshots. Empty means not seen yet.
//
// +kubebuilder:validation:Enum=Pending;Running;Succeeded;Failed;Skipped
type BackupSessionPhase string

const (
	// BackupSessionPhasePending means that it waits for its turn.
	BackupSessionPhasePending BackupSessionPhase = "Pending"
	// BackupSessionPhaseRunning means that it is at work.
	BackupSessionPhaseRunning BackupSessionPhase = "Running"
	// BackupSessionPhaseSucceeded means that every Snapshot is whole and every step was made.
	BackupSessionPhaseSucceeded BackupSessionPhase = "Succeeded"
	// BackupSessionPhaseFailed means that a Snapshot or a step failed; the conditions say which.
	BackupSessionPhaseFailed BackupSessionPhase = "Failed"
	// BackupSessionPhaseSkipped means that it was not run; condition BackupSkipped says why.
	BackupSessionPhaseSkipped BackupSessionPhase = "Skipped"
)

// Conditions of a BackupSession. MetricsPushed is also a condition of a RestoreSession.
const (
	// ConditionBackupSkipped is True when the backup is not run. Reasons: PreRequisitesNotSatisfied.
	ConditionBackupSkipped = "BackupSkipped"
	// ConditionQueued is True while the backup waits for its turn, and its message says for what, and at which position; it is False once
	// the turn has come. A backup that never waited has none. Nothing was made for a backup that waits.
	// Reasons: ClusterLimitReached, StorageLimitReached, NodeLimitReached, PredecessorRunning, Admitted.
	ConditionQueued = "Queued"
	// ConditionStartDelayed is True while something that the start needs is missing and may come yet, and its message says what; after a
	// minute the session fails. It is False once the way is free. Also a condition of a RestoreSession.
	// Reasons: PreRequisitesNotSatisfied, PreRequisitesSatisfied.
	ConditionStartDelayed = "StartDelayed"
	// ConditionReplaced is True when the backup was stopped because the next one of its session came, and concurrencyPolicy is Replace.
	// Reasons: ReplacedByNewBackup.
	ConditionReplaced = "Replaced"
	// ConditionSnapshotsEnsured says whether the Snapshots were created.
	// Reasons: SuccessfullyEnsuredSnapshots, FailedToEnsureSnapshots.
	ConditionSnapshotsEnsured = "SnapshotsEnsured"
	// ConditionBackupExecutorEnsured says whether the Jobs were created.
	// Reasons: SuccessfullyEnsuredBackupExecutor, FailedToEnsureBackupExecutor.
	ConditionBackupExecutorEnsured = "BackupExecutorEnsured"
	// ConditionPreBackupHooksExecutionSucceeded says how the hooks before the backup went.
	// Reasons: SuccessfullyExecutedPreBackupHooks, FailedToExecutePreBackupHooks.
	ConditionPreBackupHooksExecutionSucceeded = "PreBackupHooksExecutionSucceeded"
	// ConditionPostBackupHooksExecutionSucceeded says how the hooks after the backup went.
	// Reasons: SuccessfullyExecutedPostBackupHooks, FailedToExecutePostBackupHooks.
	ConditionPostBackupHooksExecutionSucceeded = "PostBackupHooksExecutionSucceeded"
	// ConditionRetentionPolicyExecutorEnsured says whether retention could be started.
	// Reasons: SuccessfullyEnsuredRetentionPolicyExecutor, FailedToEnsureRetentionPolicyExecutor.
	ConditionRetentionPolicyExecutorEnsured = "RetentionPolicyExecutorEnsured"
	// ConditionSessionHistoryCleaned says whether old BackupSessions were removed.
	// Reasons: SuccessfullyCleanedSessionHistory, FailedToCleanSessionHistory.
	ConditionSessionHistoryCleaned = "SessionHistoryCleaned"
	// ConditionSnapshotCleanupIncomplete is True, and bad, when the removal of a Snapshot's data broke off.
	// Reasons: SnapshotCleanupTerminatedBeforeCompletion.
	ConditionSnapshotCleanupIncomplete = "SnapshotCleanupIncomplete"
	// ConditionPodPendingForLong is True while a pod waits for longer than expected; its message says what for.
	// Reasons: PodHasBeenInPendingStateForLongerThanExpected.
	ConditionPodPendingForLong = "PodHasBeenInPendingStateForLongerThanExpected"
	// ConditionMetricsPushed is the last step: from then on the phase is final.
	// Reasons: SuccessfullyPushedMetrics, FailedToPushMetrics.
	ConditionMetricsPushed = "MetricsPushed"
)

// Reasons of the conditions of a BackupSession.
const (
	ReasonPreRequisitesNotSatisfied                  = "PreRequisitesNotSatisfied"
	ReasonPreRequisitesSatisfied                     = "PreRequisitesSatisfied"
	ReasonClusterLimitReached                        = "ClusterLimitReached"
	ReasonStorageLimitReached                        = "StorageLimitReached"
	ReasonNodeLimitReached                           = "NodeLimitReached"
	ReasonPredecessorRunning                         = "PredecessorRunning"
	ReasonAdmitted                                   = "Admitted"
	ReasonReplacedByNewBackup                        = "ReplacedByNewBackup"
	ReasonSuccessfullyEnsuredSnapshots               = "SuccessfullyEnsuredSnapshots"
	ReasonFailedToEnsureSnapshots                    = "FailedToEnsureSnapshots"
	ReasonSuccessfullyEnsuredBackupExecutor          = "SuccessfullyEnsuredBackupExecutor"
	ReasonFailedToEnsureBackupExecutor               = "FailedToEnsureBackupExecutor"
	ReasonSuccessfullyExecutedPreBackupHooks         = "SuccessfullyExecutedPreBackupHooks"
	ReasonFailedToExecutePreBackupHooks              = "FailedToExecutePreBackupHooks"
	ReasonSuccessfullyExecutedPostBackupHooks        = "SuccessfullyExecutedPostBackupHooks"
	ReasonFailedToExecutePostBackupHooks             = "FailedToExecutePostBackupHooks"
	ReasonSuccessfullyEnsuredRetentionPolicyExecutor = "SuccessfullyEnsuredRetentionPolicyExecutor"
	ReasonFailedToEnsureRetentionPolicyExecutor      = "FailedToEnsureRetentionPolicyExecutor"
	ReasonSuccessfullyCleanedSessionHistory          = "SuccessfullyCleanedSessionHistory"
	ReasonFailedToCleanSessionHistory                = "FailedToCleanSessionHistory"
	ReasonSnapshotCleanupTerminatedBeforeCompletion  = "SnapshotCleanupTerminatedBeforeCompletion"
	ReasonPodPendingForLong                          = "PodHasBeenInPendingStateForLongerThanExpected"
	ReasonSuccessfullyPushedMetrics                  = "SuccessfullyPushedMetrics"
	ReasonFailedToPushMetrics                        = "FailedToPushMetrics"
)
