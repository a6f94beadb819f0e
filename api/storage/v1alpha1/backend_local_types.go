// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"

// LocalSpec is a backend on a volume. Users write it; the keys of the volume source stand directly in it. Empty is refused.
//
// +kubebuilder:validation:XValidation:rule="[has(self.hostPath), has(self.emptyDir), has(self.gcePersistentDisk), has(self.awsElasticBlockStore), has(self.secret), has(self.nfs), has(self.iscsi), has(self.glusterfs), has(self.persistentVolumeClaim), has(self.rbd), has(self.flexVolume), has(self.cinder), has(self.cephfs), has(self.flocker), has(self.downwardAPI), has(self.fc), has(self.azureFile), has(self.configMap), has(self.vsphereVolume), has(self.quobyte), has(self.azureDisk), has(self.photonPersistentDisk), has(self.projected), has(self.portworxVolume), has(self.scaleIO), has(self.storageos), has(self.csi), has(self.ephemeral)].filter(set, set).size() == 1",message="local needs exactly one volume to keep backups on: set one of persistentVolumeClaim, nfs, hostPath or another volume source"
// +kubebuilder:validation:XValidation:rule="has(self.mountPath) && self.mountPath.startsWith('/')",message="local needs the absolute path that pods mount the volume at: set mountPath, such as /backups",reason=FieldValueRequired,fieldPath=".mountPath"
type LocalSpec struct {
	// VolumeSource is the volume.
	metav1alpha1.VolumeSource `json:",inline"`

	// MountPath is where pods mount the volume. It is needed, and absolute.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	MountPath string `json:"mountPath,omitempty"`

	// SubPath is a folder of the volume, which is used instead of its root. Empty means the root.
	// +optional
	SubPath string `json:"subPath,omitempty"`

	// MaxConnections limits how many files restic writes at once. Zero means restic's default.
	// +optional
	MaxConnections int64 `json:"maxConnections,omitempty"`
}
