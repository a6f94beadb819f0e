// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// Function is an image, and what to run in it, for a task or a hook. The operator ships Functions; addon authors may write more.
// It has no status.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,path=functions,singular=function,shortName=fn,categories={kubestash,appscode,all}
// +kubebuilder:metadata:labels="app.kubernetes.io/name=kubestash"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="Image",type="string",JSONPath=".spec.image",priority=1
type Function struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec says what is run.
	// +optional
	Spec FunctionSpec `json:"spec,omitzero"`
}

// FunctionList is a list of Functions.
//
// +kubebuilder:object:root=true
type FunctionList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Function `json:"items"`
}

// FunctionSpec says what a Function runs. Addon authors write it. Strings in it may hold variables with a default: ${name:=default}.
// Empty means KubeStash's own image with its own command.
type FunctionSpec struct {
	// Image to run. It may hold variables: ${DB_VERSION}, ${IMAGE_REGISTRY}. Empty means KubeStash's own.
	// +optional
	Image string `json:"image,omitempty"`

	// Command takes the place of the image's entry point. Empty means the image's own.
	// +optional
	Command []string `json:"command,omitempty"`

	// Args of the command.
	// +optional
	Args []string `json:"args,omitempty"`

	// WorkingDir that the command starts in. Empty means the image's own.
	// +optional
	WorkingDir string `json:"workingDir,omitempty"`

	// Ports that the container listens on.
	// +optional
	Ports []corev1.ContainerPort `json:"ports,omitempty"`

	// VolumeMounts of the container.
	// +optional
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty"`

	// VolumeDevices of the container.
	// +optional
	VolumeDevices []corev1.VolumeDevice `json:"volumeDevices,omitempty"`

	// RuntimeSettings shape the container. Empty means defaults.
	// +optional
	RuntimeSettings *metav1alpha1.ContainerRuntimeSettings `json:"runtimeSettings,omitempty"`

	// AvailableVersions are the values that ${DB_VERSION} may have; the nearest to the target's is taken. It is needed when image holds
	// that variable.
	// +optional
	AvailableVersions []string `json:"availableVersions,omitempty"`
}
