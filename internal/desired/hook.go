// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"maps"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
)

// HookJob is one attempt of a hook that runs a Function.
type HookJob struct {
	Namespace, Name string
	Labels          map[string]string
	Owner           metav1.OwnerReference
	// NamespaceLabels tell what the namespace lets a pod do.
	NamespaceLabels map[string]string
	Function        hook.Function
	Timeout         time.Duration
}

// Build builds the Job. The image is somebody else's and runs as it says, with no more rights than it brings; the user's settings win. It
// runs once: to try again is for the hook to say.
func (h HookJob) Build() *batchv1.Job {
	labels := maps.Clone(h.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[metav1alpha1.LabelComponent] = metav1alpha1.JobComponentHook
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: h.Namespace, Name: h.Name, Labels: labels, OwnerReferences: []metav1.OwnerReference{h.Owner},
		},
		Spec: batchv1.JobSpec{
			Parallelism: ptr.To[int32](1), Completions: ptr.To[int32](1), BackoffLimit: ptr.To[int32](0),
			ActiveDeadlineSeconds: ptr.To(max(int64(h.Timeout/time.Second), 1)),
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: maps.Clone(labels)},
				Spec:       h.pod(),
			},
		},
	}
	OverlayContainer(job, h.Function.Spec.RuntimeSettings)
	OverlayPod(job, h.Function.Settings.Pod)
	OverlayContainer(job, h.Function.Settings.Container)
	return job
}

func (h HookJob) pod() corev1.PodSpec {
	f := h.Function
	spec := corev1.PodSpec{
		RestartPolicy:                corev1.RestartPolicyNever,
		AutomountServiceAccountToken: ptr.To(false),
		EnableServiceLinks:           ptr.To(false),
		SecurityContext:              &corev1.PodSecurityContext{SeccompProfile: runtimeDefault()},
		Containers: []corev1.Container{{
			Name: metav1alpha1.ContainerKubeStash, Image: f.Spec.Image, Command: f.Spec.Command, Args: f.Spec.Args,
			WorkingDir: f.Spec.WorkingDir, Ports: f.Spec.Ports, VolumeDevices: f.Spec.VolumeDevices, Env: f.Env,
			VolumeMounts: slices.Concat(f.Spec.VolumeMounts, f.VolumeMounts),
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
				corev1.ResourceCPU: resource.MustParse("50m"), corev1.ResourceMemory: resource.MustParse("64Mi"),
			}},
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: ptr.To(false),
				Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
			TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
		}},
	}
	if h.NamespaceLabels[podSecurityLabel] == "restricted" {
		spec.SecurityContext.RunAsNonRoot = ptr.To(true)
	}
	for _, v := range f.Volumes {
		spec.Volumes = append(spec.Volumes, v.ToCore())
	}
	return spec
}
