// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"

// LocalSpec is a backend on a volume. Users write it; the keys of the volume source stand directly in it.
type LocalSpec struct {
	// VolumeSource is the volume.
	metav1alpha1.VolumeSource `json:",inline"`

	// MountPath is where pods mount the volume.
	// +optional
	MountPath string `json:"mountPath,omitempty"`

	// SubPath is a folder of the volume, which is used instead of its root. Empty means the root.
	// +optional
	SubPath string `json:"subPath,omitempty"`

	// MaxConnections limits how many files restic writes at once. Zero means restic's default.
	// +optional
	MaxConnections int64 `json:"maxConnections,omitempty"`
}
