// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"maps"
	"path"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/task"
)

// Names inside the pod of a mover Job.
const (
	taskVolume = "kubestash-task"
	// taskGracePeriod lets restic remove its lock and the mover write its Report.
	taskGracePeriod int64 = 60
)

// Exit codes by which a mover says that it has left a Report and that running it again would not help.
const (
	exitFailed  int32 = 1
	exitNoTask  int32 = 2
	defaultRuns int32 = 1
)

// Mover is what runs in every pod that moves bytes.
type Mover struct {
	Image string
	// Env is what each of these pods is given: the way to the network.
	Env []corev1.EnvVar
}

// MoverJob is what a Job that carries out one Task needs.
type MoverJob struct {
	Namespace, Name string
	Labels          map[string]string
	Owner           metav1.OwnerReference
	Mover           Mover
	// Secret holds the Task and credentials; Items says which of its keys become which files.
	Secret string
	Items  []corev1.KeyToPath
	// Volumes and Mounts are the data.
	Volumes []corev1.Volume
	Mounts  []corev1.VolumeMount
	// Security is the default that settings of users win over.
	Security Security
	// NodeName, when set, pins the pod to a node by its host name label.
	NodeName string
	// DeadlineSeconds ends the Job; nil means none.
	DeadlineSeconds *int64
}

// BuildMoverJob builds the Job with KubeStash's defaults. Settings are laid over it afterwards.
func BuildMoverJob(in MoverJob) *batchv1.Job {
	labels := maps.Clone(in.Labels)
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: in.Namespace, Name: in.Name, Labels: labels,
			OwnerReferences: []metav1.OwnerReference{in.Owner},
		},
		Spec: batchv1.JobSpec{
			Parallelism:           ptr.To[int32](1),
			Completions:           ptr.To[int32](1),
			BackoffLimit:          ptr.To(defaultRuns),
			ActiveDeadlineSeconds: in.DeadlineSeconds,
			// A pod is replaced only once it has ended: two movers never work on one component, and a lock of a
			// predecessor is stale.
			PodReplacementPolicy: ptr.To(batchv1.Failed),
			PodFailurePolicy:     failurePolicy(),
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: maps.Clone(labels)},
				Spec:       podSpec(in),
			},
		},
	}
}

// failurePolicy: what the mover has reported is final; a pod that was evicted doesn't count.
func failurePolicy() *batchv1.PodFailurePolicy {
	return &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{
		{
			Action: batchv1.PodFailurePolicyActionFailJob,
			OnExitCodes: &batchv1.PodFailurePolicyOnExitCodesRequirement{
				ContainerName: ptr.To(metav1alpha1.ContainerKubeStash),
				Operator:      batchv1.PodFailurePolicyOnExitCodesOpIn,
				Values:        []int32{exitFailed, exitNoTask},
			},
		},
		{
			Action: batchv1.PodFailurePolicyActionIgnore,
			OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{
				{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue},
			},
		},
	}}
}

func podSpec(in MoverJob) corev1.PodSpec {
	spec := corev1.PodSpec{
		RestartPolicy:                 corev1.RestartPolicyNever,
		AutomountServiceAccountToken:  ptr.To(false),
		EnableServiceLinks:            ptr.To(false),
		TerminationGracePeriodSeconds: ptr.To(taskGracePeriod),
		SecurityContext:               in.Security.Pod.DeepCopy(),
		Volumes: append([]corev1.Volume{
			{Name: taskVolume, VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{
				SecretName: in.Secret, Items: in.Items, DefaultMode: ptr.To[int32](0o444),
			}}},
			{Name: metav1alpha1.VolumeTmp, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		}, in.Volumes...),
		Containers: []corev1.Container{{
			Name:  metav1alpha1.ContainerKubeStash,
			Image: in.Mover.Image,
			Args:  []string{"run", "--task", path.Join(task.Dir, task.FileName)},
			Env:   slices.Concat([]corev1.EnvVar{}, in.Mover.Env),
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
				corev1.ResourceCPU:    resource.MustParse("50m"),
				corev1.ResourceMemory: resource.MustParse("128Mi"),
			}},
			SecurityContext:          in.Security.Container.DeepCopy(),
			TerminationMessagePolicy: corev1.TerminationMessageReadFile,
			VolumeMounts: append([]corev1.VolumeMount{
				{Name: taskVolume, MountPath: task.Dir, ReadOnly: true},
				{Name: metav1alpha1.VolumeTmp, MountPath: task.ScratchDir},
			}, in.Mounts...),
		}},
	}
	if in.NodeName != "" {
		spec.NodeSelector = map[string]string{corev1.LabelHostname: in.NodeName}
	}
	return spec
}
