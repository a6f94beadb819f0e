// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// Session is one schedule of a BackupConfiguration: when, how, and whereto. Users write it. Empty is refused.
//
// +kubebuilder:validation:XValidation:rule="has(self.scheduler)",message="a session needs a scheduler: set scheduler.schedule, such as '0 3 * * *'",reason=FieldValueRequired,fieldPath=".scheduler"
// +kubebuilder:validation:XValidation:rule="has(self.addon) && has(self.addon.name) && size(self.addon.name) > 0",message="a session needs an addon: set addon.name, such as workload-addon or pvc-addon",reason=FieldValueRequired,fieldPath=".addon"
// +kubebuilder:validation:XValidation:rule="!has(self.addon) || (has(self.addon.tasks) && size(self.addon.tasks) > 0)",message="the addon of a session needs a task: set addon.tasks, such as logical-backup",reason=FieldValueRequired,fieldPath=".addon"
// +kubebuilder:validation:XValidation:rule="has(self.repositories) && size(self.repositories) > 0",message="a session needs a repository to keep its backups in: set repositories",reason=FieldValueRequired,fieldPath=".repositories"
type Session struct {
	SessionConfig `json:",inline"`

	// Addon says how the target is backed up. It is needed.
	// +optional
	Addon *AddonInfo `json:"addon,omitempty"`

	// Repositories are where the backups go: each gets a Snapshot of its own. At least one is needed; their names are unique.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Repositories []RepositoryInfo `json:"repositories,omitempty"`
}

// SessionConfig is what every kind of session has. Users write it; its keys stand directly in the session. Empty is refused.
type SessionConfig struct {
	// Name of the session, unique among its siblings. It is part of the names of what is made for it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// Scheduler says when the session runs. It is needed.
	// +optional
	Scheduler *SchedulerSpec `json:"scheduler,omitempty"`

	// Hooks run before and after each backup. Empty means none.
	// +optional
	Hooks *BackupHooks `json:"hooks,omitempty"`

	// RetryConfig says how a backup that failed is tried again. Empty means not at all.
	// +optional
	RetryConfig *RetryConfig `json:"retryConfig,omitempty"`

	// BackupTimeout is how long a backup may take, as in "30m" or "1h30m". It counts from the moment at which its turn has come. Empty means
	// without a limit.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^(0|([0-9]+([.][0-9]+)?(ns|us|µs|μs|ms|s|m|h))+)$')",message="backupTimeout must be a duration such as 30s, 5m or 1h30m"
	BackupTimeout *metav1.Duration `json:"backupTimeout,omitempty"`

	// SessionHistoryLimit is how many finished BackupSessions, with their Jobs, are kept. As many that were skipped are kept beside them.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=0
	SessionHistoryLimit *int32 `json:"sessionHistoryLimit,omitempty"`
}

// SchedulerSpec is the CronJob of a session. Users write it. Empty is refused.
type SchedulerSpec struct {
	// Schedule in the form of cron: "0 3 * * *". H stands for a value that is fixed, but spread between sessions: "H H * * *".
	// +kubebuilder:validation:MinLength=1
	Schedule string `json:"schedule"`

	// TimeZone that the schedule is read in, such as Europe/Berlin. Empty means that of the cluster's controllers, which is mostly UTC.
	// +optional
	TimeZone *string `json:"timeZone,omitempty"`

	// JobTemplate shapes the Jobs of the CronJob. It is needed, and may be empty. These Jobs start no pod: they only mark the slots.
	JobTemplate JobTemplate `json:"jobTemplate"`

	// StartingDeadlineSeconds is how late, in seconds, a slot that was missed may still start. Empty means without a limit.
	// +optional
	StartingDeadlineSeconds *int64 `json:"startingDeadlineSeconds,omitempty"`

	// ConcurrencyPolicy says what becomes of a slot that comes while a BackupSession of this session runs. Allow: one more waits until it has
	// ended. Forbid: the slot is skipped. Replace: what runs is stopped and fails, and the new one runs. Empty means Allow. In any case at
	// most one runs and at most one waits, and a further one is skipped.
	// +optional
	ConcurrencyPolicy batchv1.ConcurrencyPolicy `json:"concurrencyPolicy,omitempty"`

	// Suspend stops further slots of this session. Backups that run are not stopped.
	// +optional
	Suspend *bool `json:"suspend,omitempty"`

	// SuccessfulJobsHistoryLimit is how many of the CronJob's Jobs that succeeded are kept. Empty means 3.
	// +optional
	SuccessfulJobsHistoryLimit *int32 `json:"successfulJobsHistoryLimit,omitempty"`

	// FailedJobsHistoryLimit is how many of the CronJob's Jobs that failed are kept. Empty means 1.
	// +optional
	FailedJobsHistoryLimit *int32 `json:"failedJobsHistoryLimit,omitempty"`
}

// JobTemplate shapes a Job. Users write it. A field that is empty means what Kubernetes means by it.
type JobTemplate struct {
	// Parallelism is how many pods may run at once.
	// +optional
	Parallelism *int32 `json:"parallelism,omitempty"`

	// Completions is how many pods have to succeed.
	// +optional
	Completions *int32 `json:"completions,omitempty"`

	// ActiveDeadlineSeconds is how long the Job may take, in seconds.
	// +optional
	ActiveDeadlineSeconds *int64 `json:"activeDeadlineSeconds,omitempty"`

	// BackoffLimit is how often a pod is tried again.
	// +optional
	BackoffLimit *int32 `json:"backoffLimit,omitempty"`

	// Template shapes the pod.
	// +optional
	Template metav1alpha1.PodTemplateSpec `json:"template,omitzero"`

	// TTLSecondsAfterFinished is how long the Job is kept after it has ended, in seconds.
	// +optional
	TTLSecondsAfterFinished *int32 `json:"ttlSecondsAfterFinished,omitempty"`

	// CompletionMode of the Job: NonIndexed or Indexed.
	// +optional
	CompletionMode *batchv1.CompletionMode `json:"completionMode,omitempty"`

	// Suspend keeps the Job from starting pods.
	// +optional
	Suspend *bool `json:"suspend,omitempty"`
}

// RetryConfig says how what failed is tried again. Users write it. Leave it out for no retry.
type RetryConfig struct {
	// MaxRetry is how often it is tried again.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	MaxRetry int32 `json:"maxRetry,omitempty"`

	// Delay before it is tried again, as in "30s" or "5m". Empty means at once.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^(0|([0-9]+([.][0-9]+)?(ns|us|µs|μs|ms|s|m|h))+)$')",message="delay must be a duration such as 30s, 5m or 1h30m"
	Delay metav1.Duration `json:"delay,omitzero"`
}

// RepositoryInfo is a place for the backups of a session. Users write it; the operator creates a Repository from it. Empty is refused.
type RepositoryInfo struct {
	// Name of the Repository, in the BackupConfiguration's namespace. It is unique in the session.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// Backend is the name of one of spec.backends. Empty means the one without a name.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Backend string `json:"backend,omitempty"`

	// BackupVerifier tries the backups out. An empty namespace means the BackupConfiguration's. Empty means that nobody tries.
	// +optional
	BackupVerifier *metav1alpha1.ObjectReference `json:"backupVerifier,omitempty"`

	// Directory is the folder below the backend's prefix. No other Repository may use it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Directory string `json:"directory"`

	// EncryptionSecret is the Secret that holds RESTIC_PASSWORD. An empty namespace means the BackupConfiguration's. Empty is right only
	// for backups that restic takes no part in.
	// +optional
	EncryptionSecret *metav1alpha1.ObjectReference `json:"encryptionSecret,omitempty"`

	// DeletionPolicy says what becomes of the Repository when the BackupConfiguration is deleted. Empty means Delete.
	// +optional
	DeletionPolicy RepositoryDeletionPolicy `json:"deletionPolicy,omitempty"`

	// Maintenance says when the Repository's data is pruned and checked. Empty means as the BackupStorage says.
	// +optional
	Maintenance *storagev1alpha1.MaintenanceSpec `json:"maintenance,omitempty"`
}

// RepositoryDeletionPolicy says what becomes of a Repository when its BackupConfiguration is deleted. Users write it. Empty means Delete.
//
// +kubebuilder:validation:Enum=Delete;WipeOut;Retain
type RepositoryDeletionPolicy string

const (
	// RepositoryDeletionPolicyDelete removes the Repository and its Snapshots from the cluster and keeps the data in the backend.
	RepositoryDeletionPolicyDelete RepositoryDeletionPolicy = "Delete"
	// RepositoryDeletionPolicyWipeOut removes the data in the backend too.
	RepositoryDeletionPolicyWipeOut RepositoryDeletionPolicy = "WipeOut"
	// RepositoryDeletionPolicyRetain keeps the Repository and its Snapshots in the cluster, and the data.
	RepositoryDeletionPolicyRetain RepositoryDeletionPolicy = "Retain"
)

// BackendReference gives a name to a BackupStorage and to how long backups are kept there. Users write it. Empty means the default
// BackupStorage with the default RetentionPolicy.
type BackendReference struct {
	// Name by which sessions refer to this backend, unique among its siblings. Empty for the one that is meant when none is named.
	// +optional
	// +kubebuilder:default=""
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// StorageRef is the BackupStorage. An empty namespace means that of the object that holds this. Empty means the default BackupStorage.
	// +optional
	StorageRef *metav1alpha1.ObjectReference `json:"storageRef,omitempty"`

	// RetentionPolicy says how long backups are kept. An empty namespace means that of the object that holds this. Empty means the
	// default RetentionPolicy.
	// +optional
	RetentionPolicy *metav1alpha1.ObjectReference `json:"retentionPolicy,omitempty"`
}
