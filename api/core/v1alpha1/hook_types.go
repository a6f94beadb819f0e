// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// BackupHooks run around each backup of a session. Users write it. Empty means none.
type BackupHooks struct {
	// PreBackup hooks run before the backup, one after the other. When one fails, the backup is not started and the session fails.
	// +optional
	// +kubebuilder:validation:MaxItems=16
	PreBackup []HookInfo `json:"preBackup,omitempty"`

	// PostBackup hooks run after the backup, one after the other, also after a failure. When one fails, the session fails.
	// +optional
	// +kubebuilder:validation:MaxItems=16
	PostBackup []HookInfo `json:"postBackup,omitempty"`
}

// RestoreHooks run around a restore. Users write it. Empty means none.
type RestoreHooks struct {
	// PreRestore hooks run before the restore, one after the other. When one fails, the restore is not started and the session fails.
	// +optional
	// +kubebuilder:validation:MaxItems=16
	PreRestore []HookInfo `json:"preRestore,omitempty"`

	// PostRestore hooks run after the restore, one after the other, also after a failure. When one fails, the session fails.
	// +optional
	// +kubebuilder:validation:MaxItems=16
	PostRestore []HookInfo `json:"postRestore,omitempty"`
}

// HookInfo is one use of a HookTemplate. Users write it. Empty names no HookTemplate, and is refused before anything starts.
//
// A hook runs at least once: where the operator was stopped while one ran, it runs again, so it must bear to be repeated. A session keeps
// the hooks that it began with, whatever becomes of the object that they were written in. Post-hooks also run after a failure, a timeout, and
// when the session is deleted in the middle, for up to 10 minutes: what a pre-hook has stopped is started again.
type HookInfo struct {
	// Name of the hook, by which the status reports it.
	// +optional
	Name string `json:"name,omitempty"`

	// HookTemplate is what to run. An empty namespace means that of the object that holds this.
	// +optional
	HookTemplate *metav1alpha1.ObjectReference `json:"hookTemplate,omitempty"`

	// Params are the parameters that the HookTemplate declares. One that is absent has the HookTemplate's default.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Params *runtime.RawExtension `json:"params,omitempty"`

	// MaxRetry is how often a hook that failed is tried again.
	// +optional
	// +kubebuilder:validation:Minimum=0
	MaxRetry int32 `json:"maxRetry,omitempty"`

	// Timeout of each try, as in "30s". Empty means 5 minutes.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^(0|([0-9]+([.][0-9]+)?(ns|us|µs|μs|ms|s|m|h))+)$')",message="timeout must be a duration such as 30s, 5m or 1h30m"
	Timeout *metav1.Duration `json:"timeout,omitempty"`

	// ExecutionPolicy says after which outcomes a hook runs. It is read for post-hooks only.
	// +optional
	// +kubebuilder:default=Always
	ExecutionPolicy HookExecutionPolicy `json:"executionPolicy,omitempty"`

	// Variables are given to the HookTemplate beside its params: {{ .Variables.name }} in an action. A Function has them as environment
	// variables too, and as ${name}; only there may they have another source than a value.
	// +optional
	Variables []corev1.EnvVar `json:"variables,omitempty"`

	// Volumes of the pod that runs the hook. They are read only when the HookTemplate runs a Function.
	// +optional
	Volumes []metav1alpha1.Volume `json:"volumes,omitempty"`

	// VolumeMounts of the container that runs the hook. They are read only when the HookTemplate runs a Function.
	// +optional
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty"`

	// RuntimeSettings shape the pod that runs the hook. They are read only when the HookTemplate runs a Function.
	// +optional
	RuntimeSettings metav1alpha1.RuntimeSettings `json:"runtimeSettings,omitzero"`
}

// HookExecutionPolicy says after which outcomes a post-hook runs. Users write it. Empty means Always.
//
// +kubebuilder:validation:Enum=Always;OnSuccess;OnFailure
type HookExecutionPolicy string

const (
	// HookExecutionPolicyAlways runs the hook after any outcome.
	HookExecutionPolicyAlways HookExecutionPolicy = "Always"
	// HookExecutionPolicyOnSuccess runs the hook when all went well so far.
	HookExecutionPolicyOnSuccess HookExecutionPolicy = "OnSuccess"
	// HookExecutionPolicyOnFailure runs the hook when something has failed.
	HookExecutionPolicyOnFailure HookExecutionPolicy = "OnFailure"
)

// HookStatus tells how the hooks of a session went. The operator writes it. Hooks that their policy skips are absent.
type HookStatus struct {
	// PreHooks are those that ran, or wait to run, before.
	// +optional
	PreHooks []HookExecutionStatus `json:"preHooks,omitempty"`

	// PostHooks are those that ran, or wait to run, after.
	// +optional
	PostHooks []HookExecutionStatus `json:"postHooks,omitempty"`

	// Record is what the hooks were when the session began. It is the operator's own, and goes when the session ends.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Record *runtime.RawExtension `json:"record,omitempty"`
}

// HookExecutionStatus tells how one hook went. The operator writes it. Empty means Pending.
type HookExecutionStatus struct {
	// Name of the hook.
	// +optional
	Name string `json:"name,omitempty"`

	// Phase of the hook. Empty means Pending.
	// +optional
	Phase HookExecutionPhase `json:"phase,omitempty"`

	// Index is the hook's place in its list, counted from 0: hooks that their policy skips leave gaps.
	// +optional
	Index int32 `json:"index,omitempty"`

	// Attempts is how often it was tried to an end.
	// +optional
	Attempts int32 `json:"attempts,omitempty"`

	// LastAttemptTime is when the last try ended.
	// +optional
	LastAttemptTime *metav1.Time `json:"lastAttemptTime,omitempty"`

	// Message tells why the last try failed. Empty means that it did not.
	// +optional
	Message string `json:"message,omitempty"`
}

// HookExecutionPhase sums up a hook. The operator writes it. Empty means Pending.
//
// +kubebuilder:validation:Enum=Succeeded;Failed;Pending
type HookExecutionPhase string

const (
	// HookExecutionPhasePending means that the hook has not ended.
	HookExecutionPhasePending HookExecutionPhase = "Pending"
	// HookExecutionPhaseSucceeded means that the hook did what it should.
	HookExecutionPhaseSucceeded HookExecutionPhase = "Succeeded"
	// HookExecutionPhaseFailed means that its last try failed.
	HookExecutionPhaseFailed HookExecutionPhase = "Failed"
)
