// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Volume is a named volume of a pod. Users write it. Empty is refused.
type Volume struct {
	// Name by which volumeMounts refer to the volume.
	Name string `json:"name"`

	// VolumeSource says what is mounted.
	VolumeSource `json:",inline"`
}

// VolumeSource says what a volume holds: exactly one of its fields is set. Users write it. Empty means an empty directory where a pod
// needs a volume, and is refused where data is to be kept.
type VolumeSource struct {
	// HostPath is a file or folder of the node.
	// +optional
	HostPath *corev1.HostPathVolumeSource `json:"hostPath,omitempty"`

	// EmptyDir is a folder that lives as long as the pod.
	// +optional
	EmptyDir *corev1.EmptyDirVolumeSource `json:"emptyDir,omitempty"`

	// GCEPersistentDisk is a disk of Google Compute Engine.
	// +optional
	GCEPersistentDisk *corev1.GCEPersistentDiskVolumeSource `json:"gcePersistentDisk,omitempty"`

	// AWSElasticBlockStore is a disk of AWS.
	// +optional
	AWSElasticBlockStore *corev1.AWSElasticBlockStoreVolumeSource `json:"awsElasticBlockStore,omitempty"`

	// Secret is the keys of a Secret as files.
	// +optional
	Secret *corev1.SecretVolumeSource `json:"secret,omitempty"`

	// NFS is a folder that an NFS server exports.
	// +optional
	NFS *corev1.NFSVolumeSource `json:"nfs,omitempty"`

	// ISCSI is a disk that an iSCSI target offers.
	// +optional
	ISCSI *corev1.ISCSIVolumeSource `json:"iscsi,omitempty"`

	// Glusterfs is a volume of GlusterFS.
	// +optional
	Glusterfs *corev1.GlusterfsVolumeSource `json:"glusterfs,omitempty"`

	// PersistentVolumeClaim is the volume of a PersistentVolumeClaim in the pod's namespace.
	// +optional
	PersistentVolumeClaim *corev1.PersistentVolumeClaimVolumeSource `json:"persistentVolumeClaim,omitempty"`

	// RBD is a block device image of Ceph.
	// +optional
	RBD *corev1.RBDVolumeSource `json:"rbd,omitempty"`

	// FlexVolume is a volume of a FlexVolume driver.
	// +optional
	FlexVolume *corev1.FlexVolumeSource `json:"flexVolume,omitempty"`

	// Cinder is a volume of OpenStack Cinder.
	// +optional
	Cinder *corev1.CinderVolumeSource `json:"cinder,omitempty"`

	// CephFS is a folder of CephFS.
	// +optional
	CephFS *corev1.CephFSVolumeSource `json:"cephfs,omitempty"`

	// Flocker is a volume of Flocker.
	// +optional
	Flocker *corev1.FlockerVolumeSource `json:"flocker,omitempty"`

	// DownwardAPI is the pod's own metadata as files.
	// +optional
	DownwardAPI *corev1.DownwardAPIVolumeSource `json:"downwardAPI,omitempty"`

	// FC is a disk on Fibre Channel.
	// +optional
	FC *corev1.FCVolumeSource `json:"fc,omitempty"`

	// AzureFile is a share of Azure Files.
	// +optional
	AzureFile *corev1.AzureFileVolumeSource `json:"azureFile,omitempty"`

	// ConfigMap is the keys of a ConfigMap as files.
	// +optional
	ConfigMap *corev1.ConfigMapVolumeSource `json:"configMap,omitempty"`

	// VsphereVolume is a disk of vSphere.
	// +optional
	VsphereVolume *corev1.VsphereVirtualDiskVolumeSource `json:"vsphereVolume,omitempty"`

	// Quobyte is a volume of Quobyte.
	// +optional
	Quobyte *corev1.QuobyteVolumeSource `json:"quobyte,omitempty"`

	// AzureDisk is a disk of Azure.
	// +optional
	AzureDisk *corev1.AzureDiskVolumeSource `json:"azureDisk,omitempty"`

	// PhotonPersistentDisk is a disk of Photon.
	// +optional
	PhotonPersistentDisk *corev1.PhotonPersistentDiskVolumeSource `json:"photonPersistentDisk,omitempty"`

	// Projected is several sources in one folder.
	// +optional
	Projected *corev1.ProjectedVolumeSource `json:"projected,omitempty"`

	// PortworxVolume is a volume of Portworx.
	// +optional
	PortworxVolume *corev1.PortworxVolumeSource `json:"portworxVolume,omitempty"`

	// ScaleIO is a volume of ScaleIO.
	// +optional
	ScaleIO *corev1.ScaleIOVolumeSource `json:"scaleIO,omitempty"`

	// StorageOS is a volume of StorageOS.
	// +optional
	StorageOS *corev1.StorageOSVolumeSource `json:"storageos,omitempty"`

	// CSI is an ephemeral volume of a CSI driver.
	// +optional
	CSI *corev1.CSIVolumeSource `json:"csi,omitempty"`

	// Ephemeral is a volume that is provisioned for the pod and removed with it.
	// +optional
	Ephemeral *EphemeralVolumeSource `json:"ephemeral,omitempty"`
}

// EphemeralVolumeSource is a volume that lives as long as its pod. Users write it. Empty is refused by Kubernetes, when the pod is made.
type EphemeralVolumeSource struct {
	// VolumeClaimTemplate is the claim to make for the pod.
	// +optional
	VolumeClaimTemplate *PersistentVolumeClaimTemplate `json:"volumeClaimTemplate,omitempty"`
}

// AddonVolumeSource is what stands behind a volume of an addon: an existing source, or a claim to make for each pod. Addon authors
// write it, and users to replace it. Empty means an empty directory.
type AddonVolumeSource struct {
	// VolumeSource is an existing source.
	VolumeSource `json:",inline"`

	// VolumeClaimTemplate is a claim to make for the pod, removed with it. It goes before the other fields.
	// +optional
	VolumeClaimTemplate *PersistentVolumeClaimTemplate `json:"volumeClaimTemplate,omitempty"`
}

// PersistentVolumeClaimTemplate is a claim to make. Users write it. Empty is refused by Kubernetes, when the claim is made.
type PersistentVolumeClaimTemplate struct {
	// Metadata of the claim. Empty means a name that KubeStash makes.
	// +optional
	Metadata PartialObjectMeta `json:"metadata,omitzero"`

	// Spec of the claim.
	Spec corev1.PersistentVolumeClaimSpec `json:"spec"`
}

// PersistentVolumeClaim is a claim to make on a restore. Users write it. Strings in it may hold variables: ${POD_ORDINAL} makes one
// claim per pod. Empty names no claim, and makes none.
type PersistentVolumeClaim struct {
	// APIVersion is "v1". Empty means the same.
	// +optional
	APIVersion string `json:"apiVersion,omitempty"`

	// Kind is "PersistentVolumeClaim". Empty means the same.
	// +optional
	Kind string `json:"kind,omitempty"`

	// Metadata of the claim. Its name is needed; an empty namespace means that of the restore's target.
	// +optional
	Metadata PartialObjectMeta `json:"metadata,omitzero"`

	// Spec of the claim.
	// +optional
	Spec corev1.PersistentVolumeClaimSpec `json:"spec,omitzero"`

	// Status is accepted for manifests that were copied from a cluster, and not read.
	// +optional
	Status corev1.PersistentVolumeClaimStatus `json:"status,omitzero"`
}

// PartialObjectMeta is the part of an object's metadata that a template may set. Users write it. Empty adds nothing.
type PartialObjectMeta struct {
	// Name of the object.
	// +optional
	Name string `json:"name,omitempty"`

	// GenerateName is a prefix that the API server makes a name from when name is empty.
	// +optional
	GenerateName string `json:"generateName,omitempty"`

	// Namespace of the object.
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// Labels of the object.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`

	// Annotations of the object.
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`

	// OwnerReferences of the object.
	// +optional
	OwnerReferences []metav1.OwnerReference `json:"ownerReferences,omitempty"`
}
