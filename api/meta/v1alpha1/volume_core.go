// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ToCore returns the volume as a pod spells it. It shares what s points to.
func (v Volume) ToCore() corev1.Volume {
	return corev1.Volume{Name: v.Name, VolumeSource: v.VolumeSource.ToCore()}
}

// ToCore returns the source as a pod spells it. It shares what s points to.
func (s VolumeSource) ToCore() corev1.VolumeSource {
	out := corev1.VolumeSource{
		HostPath:              s.HostPath,
		EmptyDir:              s.EmptyDir,
		GCEPersistentDisk:     s.GCEPersistentDisk,
		AWSElasticBlockStore:  s.AWSElasticBlockStore,
		Secret:                s.Secret,
		NFS:                   s.NFS,
		ISCSI:                 s.ISCSI,
		Glusterfs:             s.Glusterfs,
		PersistentVolumeClaim: s.PersistentVolumeClaim,
		RBD:                   s.RBD,
		FlexVolume:            s.FlexVolume,
		Cinder:                s.Cinder,
		CephFS:                s.CephFS,
		Flocker:               s.Flocker,
		DownwardAPI:           s.DownwardAPI,
		FC:                    s.FC,
		AzureFile:             s.AzureFile,
		ConfigMap:             s.ConfigMap,
		VsphereVolume:         s.VsphereVolume,
		Quobyte:               s.Quobyte,
		AzureDisk:             s.AzureDisk,
		PhotonPersistentDisk:  s.PhotonPersistentDisk,
		Projected:             s.Projected,
		PortworxVolume:        s.PortworxVolume,
		ScaleIO:               s.ScaleIO,
		StorageOS:             s.StorageOS,
		CSI:                   s.CSI,
	}
	if s.Ephemeral != nil {
		out.Ephemeral = &corev1.EphemeralVolumeSource{}
		if t := s.Ephemeral.VolumeClaimTemplate; t != nil {
			out.Ephemeral.VolumeClaimTemplate = t.ToCore()
		}
	}
	return out
}

// ToCore returns the source as a pod spells it: a claim template becomes an ephemeral volume. It shares what s points to.
func (s AddonVolumeSource) ToCore() corev1.VolumeSource {
	if s.VolumeClaimTemplate != nil {
		return corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{VolumeClaimTemplate: s.VolumeClaimTemplate.ToCore()}}
	}
	return s.VolumeSource.ToCore()
}

// ToCore returns the template as an ephemeral volume spells it. A pod's claim gets its name and namespace from the pod, so only
// labels and annotations are taken over. It shares what t points to.
func (t PersistentVolumeClaimTemplate) ToCore() *corev1.PersistentVolumeClaimTemplate {
	return &corev1.PersistentVolumeClaimTemplate{
		ObjectMeta: metav1.ObjectMeta{Labels: t.Metadata.Labels, Annotations: t.Metadata.Annotations},
		Spec:       t.Spec,
	}
}
