// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// Addon declares the tasks that back up and restore a kind of application. The operator ships Addons; addon authors may write more.
// It has no status.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,path=addons,singular=addon,categories={kubestash,appscode,all}
// +kubebuilder:metadata:labels="app.kubernetes.io/name=kubestash"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
type Addon struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec declares the tasks.
	// +optional
	Spec AddonSpec `json:"spec,omitzero"`
}

// AddonList is a list of Addons.
//
// +kubebuilder:object:root=true
type AddonList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Addon `json:"items"`
}

// AddonSpec declares the tasks of an Addon. Addon authors write it. Empty means that no task can be named.
type AddonSpec struct {
	// BackupTasks can be named by sessions.
	// +optional
	BackupTasks []Task `json:"backupTasks,omitempty"`

	// RestoreTasks can be named by RestoreSessions.
	// +optional
	RestoreTasks []Task `json:"restoreTasks,omitempty"`
}

// Task is one way to back up or restore an application. Addon authors write it. It is needed only with a name and a Function; empty, no
// session can name it.
type Task struct {
	// Name by which sessions refer to the task, such as logical-backup.
	// +optional
	Name string `json:"name,omitempty"`

	// Function is the name of the Function that does the work.
	// +optional
	Function string `json:"function,omitempty"`

	// Driver is what moves the data. Empty means Restic.
	// +optional
	Driver metav1alpha1.Driver `json:"driver,omitempty"`

	// Executor is where the work is done. Empty means Job.
	// +optional
	Executor TaskExecutor `json:"executor,omitempty"`

	// Singleton says that one Job does the whole target. Otherwise there is one for each of its pods or nodes.
	// +optional
	Singleton bool `json:"singleton,omitempty"`

	// Parameters that sessions may set as params.
	// +optional
	Parameters []metav1alpha1.ParameterDefinition `json:"parameters,omitempty"`

	// VolumeTemplate declares volumes of the pod, which sessions may replace as addonVolumes.
	// +optional
	VolumeTemplate []VolumeTemplate `json:"volumeTemplate,omitempty"`

	// VolumeMounts say where those volumes are mounted.
	// +optional
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty"`
}

// TaskExecutor is where the work of a task is done. Addon authors write it. Empty means Job.
//
// +kubebuilder:validation:Enum=Job;Sidecar;EphemeralContainer;MultiLevelJob
type TaskExecutor string

const (
	// TaskExecutorJob does the work in a Job.
	TaskExecutorJob TaskExecutor = "Job"
	// TaskExecutorSidecar does the work in a sidecar of the target.
	TaskExecutorSidecar TaskExecutor = "Sidecar"
	// TaskExecutorEphemeralContainer does the work in an ephemeral container of the target.
	TaskExecutorEphemeralContainer TaskExecutor = "EphemeralContainer"
	// TaskExecutorMultiLevelJob does the work in a Job that makes further Jobs.
	TaskExecutorMultiLevelJob TaskExecutor = "MultiLevelJob"
)

// VolumeTemplate declares a volume of a task's pod. Addon authors write it. Empty is an empty directory without a name, which nothing
// can mount.
type VolumeTemplate struct {
	// Name of the volume. It may be a variable: ${RESTIC_CACHE_VOLUME}.
	// +optional
	Name string `json:"name,omitempty"`

	// Usage tells users what the volume is for.
	// +optional
	Usage string `json:"usage,omitempty"`

	// Source of the volume, unless the session replaces it. Empty means an empty directory.
	// +optional
	Source *metav1alpha1.AddonVolumeSource `json:"source,omitempty"`
}
