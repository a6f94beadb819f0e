// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// AddonInfo says how a target is backed up or restored. Users write it. Empty is refused in a session, and makes a RestoreSession
// Invalid.
type AddonInfo struct {
	// Name of the Addon, such as workload-addon or pvc-addon. It is needed for a backup.
	// +optional
	Name string `json:"name,omitempty"`

	// Tasks of the Addon to run, in this order. At least one is needed for a backup.
	// +optional
	Tasks []TaskReference `json:"tasks,omitempty"`

	// ContainerRuntimeSettings shape the container that does the work. Empty means defaults.
	// +optional
	ContainerRuntimeSettings *metav1alpha1.ContainerRuntimeSettings `json:"containerRuntimeSettings,omitempty"`

	// JobTemplate shapes the Job that does the work, and its pod. Empty means defaults.
	// +optional
	JobTemplate *metav1alpha1.PodTemplateSpec `json:"jobTemplate,omitempty"`
}

// TaskReference is a task of an Addon, with what it is given. Users write it. Empty is refused.
type TaskReference struct {
	// Name of the task, such as logical-backup. The older spelling LogicalBackup means the same.
	// +required
	// +kubebuilder:validation:MinLength=1
	Name string `json:"name"`

	// Variables are given to the task next to the built-in ones, to be used as ${name}.
	// +optional
	Variables []corev1.EnvVar `json:"variables,omitempty"`

	// Params are the parameters that the Addon declares for the task. A parameter that is absent has the Addon's default.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Params *runtime.RawExtension `json:"params,omitempty"`

	// TargetVolumes are the volumes of the target that the task works on. Empty means all that the target mounts.
	// +optional
	TargetVolumes *TargetVolumeInfo `json:"targetVolumes,omitempty"`

	// AddonVolumes replace volumes that the Addon declares. Empty means those of the Addon.
	// +optional
	AddonVolumes []AddonVolumeInfo `json:"addonVolumes,omitempty"`
}

// TargetVolumeInfo says which volumes of a target a task works on. Users write it. Empty means all that the target mounts.
type TargetVolumeInfo struct {
	// Volumes to mount. Empty means the target's own volumes that volumeMounts name.
	// +optional
	Volumes []metav1alpha1.Volume `json:"volumes,omitempty"`

	// VolumeMounts say which volumes are mounted, and where.
	// +optional
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty"`

	// VolumeClaimTemplates are PersistentVolumeClaims to make on a restore. ${POD_ORDINAL} in a name makes one per pod.
	// +optional
	VolumeClaimTemplates []metav1alpha1.PersistentVolumeClaim `json:"volumeClaimTemplates,omitempty"`
}

// AddonVolumeInfo replaces the source of a volume that an Addon declares. Users write it. Empty replaces nothing.
type AddonVolumeInfo struct {
	// Name of the volume, as the Addon declares it. It may be a variable: ${RESTIC_CACHE_VOLUME}.
	// +optional
	Name string `json:"name,omitempty"`

	// Source that replaces that of the Addon.
	// +optional
	Source *metav1alpha1.AddonVolumeSource `json:"source,omitempty"`
}
