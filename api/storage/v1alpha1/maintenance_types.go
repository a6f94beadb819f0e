// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MaintenanceSpec says when the data of a Repository is pruned and checked. Both are done by a Job of their own, which never starts
// while a backup or a restore works there. Users write it. What is empty is taken from the BackupStorage, and else is the default.
type MaintenanceSpec struct {
	// Paused stops further maintenance. What runs is not stopped. Empty means false.
	// +optional
	Paused *bool `json:"paused,omitempty"`

	// Prune frees the space of what retention has dropped.
	// +optional
	Prune PruneSpec `json:"prune,omitzero"`

	// Check proves that the data is whole.
	// +optional
	Check CheckSpec `json:"check,omitzero"`

	// TimeZone that the schedules are read in, such as Europe/Berlin. Empty means UTC.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`

	// Timeout ends a maintenance that takes longer, as in "90m". A backup that is due meanwhile waits for its end. Empty means 6h.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^([0-9]+([.][0-9]+)?(s|m|h))+$`
	Timeout *metav1.Duration `json:"timeout,omitempty"`

	// Resources of the Job's container. A prune holds the index of all data in memory. Empty means no limit.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`

	// ServiceAccountName of the Job's pod, for a storage without a Secret. Empty means the namespace's default, without a token.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
}

// PruneSpec says when and how space is freed. Users write it. What is empty is taken from the BackupStorage, and else is the default.
type PruneSpec struct {
	// Schedule in the form of cron. H stands for a value that is fixed, but spread between Repositories. Empty means once a week:
	// "H H * * H".
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Schedule string `json:"schedule,omitempty"`

	// Paused stops pruning alone. Empty means false.
	// +optional
	Paused *bool `json:"paused,omitempty"`

	// MaxUnused is how much may stay that nothing needs: "5%" of the data, a size such as "10G", "0", or "unlimited". The less may
	// stay, the more has to be written anew. Empty means 5%.
	// +optional
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^(unlimited|[0-9]+([.][0-9]+)?%|[0-9]+[kKmMgGtT]?)$`
	MaxUnused string `json:"maxUnused,omitempty"`

	// MaxRepackSize is how much one prune may write anew, such as "50G". Empty means without a limit.
	// +optional
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^[0-9]+[kKmMgGtT]?$`
	MaxRepackSize string `json:"maxRepackSize,omitempty"`
}

// CheckSpec says when and how thoroughly the data is checked. Users write it. What is empty is taken from the BackupStorage, and else is
// the default.
type CheckSpec struct {
	// Schedule in the form of cron. H stands for a value that is fixed, but spread between Repositories. Empty means once a week:
	// "H H * * H".
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Schedule string `json:"schedule,omitempty"`

	// Paused stops checking alone. Empty means false.
	// +optional
	Paused *bool `json:"paused,omitempty"`

	// ReadDataSubset is how much of the data is read beside the structure: "1/52" reads one part of 52, the next one each time; "5%" or
	// a size such as "10G" reads that much, chosen by chance; "100%" reads all and "0" none. Empty means 1/52: with a check each week,
	// everything is read once a year.
	// +optional
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^(0|1/[1-9][0-9]{0,2}|[0-9]+([.][0-9]+)?%|[1-9][0-9]*[kKmMgGtT])$`
	ReadDataSubset string `json:"readDataSubset,omitempty"`
}

// StorageMaintenanceSpec says how the Repositories of a BackupStorage are maintained that say nothing else. Users write it. Empty means
// the defaults.
type StorageMaintenanceSpec struct {
	MaintenanceSpec `json:",inline"`

	// MaxConcurrent is how many Repositories of this storage are maintained at the same time. Empty means 2.
	// +optional
	// +kubebuilder:validation:Minimum=1
	MaxConcurrent *int32 `json:"maxConcurrent,omitempty"`
}

// MaintenanceStatus says how a Repository is maintained. The operator writes it. Empty means that it has not been planned yet.
type MaintenanceStatus struct {
	// Phase of the last maintenance, or of the one that runs. Empty means that none has been started.
	// +optional
	Phase MaintenancePhase `json:"phase,omitempty"`

	// Message says what a maintenance that is due waits for, or why the last one failed. Empty means neither.
	// +optional
	Message string `json:"message,omitempty"`

	// Since is when maintenance was first planned.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`

	// Job of the last maintenance, in the Repository's namespace. Its pod has the log.
	// +optional
	Job string `json:"job,omitempty"`

	// JobUID tells that Job from others of the same name.
	// +optional
	JobUID string `json:"jobUID,omitempty"`

	// StartTime of the last maintenance.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`

	// CompletionTime of the last maintenance. Empty means that it runs.
	// +optional
	CompletionTime *metav1.Time `json:"completionTime,omitempty"`

	// Request is the last value of the annotation kubestash.com/maintain that was acted upon.
	// +optional
	Request string `json:"request,omitempty"`

	// Prune tells of pruning.
	// +optional
	Prune PruneStatus `json:"prune,omitzero"`

	// Check tells of checking.
	// +optional
	Check CheckStatus `json:"check,omitzero"`

	// Repositories are the restic repositories in this Repository, as the last maintenance left them.
	// +optional
	// +listType=map
	// +listMapKey=path
	Repositories []MaintainedRepository `json:"repositories,omitempty"`
}

// PruneStatus tells of pruning. The operator writes it. Empty means not planned.
type PruneStatus struct {
	// LastScheduleTime is when the last prune was started. Empty means never.
	// +optional
	LastScheduleTime *metav1.Time `json:"lastScheduleTime,omitempty"`

	// LastSuccessfulTime is when the last prune ended that succeeded. Empty means never.
	// +optional
	LastSuccessfulTime *metav1.Time `json:"lastSuccessfulTime,omitempty"`

	// NextTime is when the next prune is due. Empty means that none is planned.
	// +optional
	NextTime *metav1.Time `json:"nextTime,omitempty"`

	// Freed is what the last successful prune freed, for humans. Empty means not known.
	// +optional
	Freed string `json:"freed,omitempty"`

	// FreedBytes is freed in bytes. Empty means not known.
	// +optional
	FreedBytes *int64 `json:"freedBytes,omitempty"`
}

// CheckStatus tells of checking. The operator writes it. Empty means not planned.
type CheckStatus struct {
	// LastScheduleTime is when the last check was started. Empty means never.
	// +optional
	LastScheduleTime *metav1.Time `json:"lastScheduleTime,omitempty"`

	// LastSuccessfulTime is when the last check ended that found everything whole. Empty means never.
	// +optional
	LastSuccessfulTime *metav1.Time `json:"lastSuccessfulTime,omitempty"`

	// NextTime is when the next check is due. Empty means that none is planned.
	// +optional
	NextTime *metav1.Time `json:"nextTime,omitempty"`

	// ReadDataSubset is what the last check read of the data, such as "3/52". Empty means none.
	// +optional
	ReadDataSubset string `json:"readDataSubset,omitempty"`
}

// MaintainedRepository is one restic repository. The operator writes it. Empty does not occur.
type MaintainedRepository struct {
	// Path relative to the Repository's: "repository/v1/<session>/<component>".
	Path string `json:"path"`

	// Integrity says whether the last check found it whole. Empty means not checked by a maintenance yet.
	// +optional
	Integrity *bool `json:"integrity,omitempty"`

	// LastCheckTime is when that was found.
	// +optional
	LastCheckTime *metav1.Time `json:"lastCheckTime,omitempty"`

	// LastPruneTime is when it was last pruned. Empty means never.
	// +optional
	LastPruneTime *metav1.Time `json:"lastPruneTime,omitempty"`

	// FreedBytes is what that freed. Empty means not known.
	// +optional
	FreedBytes *int64 `json:"freedBytes,omitempty"`

	// Error says what went wrong in the last maintenance. Empty means nothing.
	// +optional
	Error string `json:"error,omitempty"`
}

// MaintenancePhase sums up a maintenance. The operator writes it. Empty means that none has been started.
//
// +kubebuilder:validation:Enum=Running;Succeeded;Failed
type MaintenancePhase string

const (
	// MaintenancePhaseRunning means that its Job is at work.
	MaintenancePhaseRunning MaintenancePhase = "Running"
	// MaintenancePhaseSucceeded means that everything was done, and nothing was found damaged.
	MaintenancePhaseSucceeded MaintenancePhase = "Succeeded"
	// MaintenancePhaseFailed means that something was not; the conditions and message say what. It is tried again at the next time.
	MaintenancePhaseFailed MaintenancePhase = "Failed"
)

// Conditions of a Repository that maintenance sets, and their reasons. None of them bears on its phase.
const (
	// ConditionRepositoryPruned says how the last prune went. Reasons: PruneSucceeded, PruneFailed.
	ConditionRepositoryPruned = "RepositoryPruned"
	// ConditionIntegrityVerified says what the last check found. It is Unknown when the check could not be made.
	// Reasons: CheckSucceeded, DamageFound, CheckFailed.
	ConditionIntegrityVerified = "IntegrityVerified"
	// ConditionCleanupPending is True while a deletion waits: its message says what for, and how to go on.
	// Reasons: RepositoryInUse.
	ConditionCleanupPending = "CleanupPending"

	ReasonPruneSucceeded  = "PruneSucceeded"
	ReasonPruneFailed     = "PruneFailed"
	ReasonCheckSucceeded  = "CheckSucceeded"
	ReasonDamageFound     = "DamageFound"
	ReasonCheckFailed     = "CheckFailed"
	ReasonRepositoryInUse = "RepositoryInUse"
)
