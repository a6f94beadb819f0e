// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package object

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// Names that the builders share.
const (
	App              = "app"
	Claim            = "data"
	Storage          = "storage"
	StorageSecret    = "storage-keys"
	EncryptionSecret = "encryption"
	Retention        = "keep"
	Configuration    = "app-backup"
	Blueprint        = "blueprint"
	Repository       = "repo"
	Session          = "daily"
	Directory        = "demo/app"
	// MountPath is where the Deployment has its data.
	MountPath = "/data"
)

// Image is what workloads run: it has a shell and the usual tools.
const Image = "docker.io/library/busybox:latest"

// Meta names an object.
func Meta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

// Secret holds texts.
func Secret(namespace, name string, values map[string]string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: Meta(namespace, name), Data: map[string][]byte{}}
	for key, value := range values {
		s.Data[key] = []byte(value)
	}
	return s
}

// VolumeClaim asks for a volume of the default class.
func VolumeClaim(namespace, name string) *corev1.PersistentVolumeClaim {
	return &corev1.PersistentVolumeClaim{
		ObjectMeta: Meta(namespace, name),
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{
				corev1.ResourceStorage: resource.MustParse("2Gi"),
			}},
		},
	}
}

// Deployment runs one pod that sleeps, with the claim at MountPath.
func Deployment(namespace, name, claim string) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: Meta(namespace, name),
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To[int32](1),
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Strategy: appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       Sleeper(claim),
			},
		},
	}
}

// Sleeper is a pod that does nothing until somebody runs a command in it, with a claim at MountPath.
func Sleeper(claim string) corev1.PodSpec {
	return corev1.PodSpec{
		TerminationGracePeriodSeconds: ptr.To[int64](0),
		Containers: []corev1.Container{{
			Name:         "main",
			Image:        Image,
			Command:      []string{"sleep", "100000"},
			VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: MountPath}},
		}},
		Volumes: []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim},
		}}},
	}
}
