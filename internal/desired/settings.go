// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"encoding/json"
	"fmt"
	"maps"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// The functions here lay what a user has set over a Job. What isn't set stays as it is; lists of names are
// merged by name; labels of ours can't be replaced.

// OverlayJobTemplate lays the Job settings of a scheduler over job.
func OverlayJobTemplate(job *batchv1.Job, t *corev1alpha1.JobTemplate) {
	if t == nil {
		return
	}
	set(&job.Spec.BackoffLimit, t.BackoffLimit)
	set(&job.Spec.TTLSecondsAfterFinished, t.TTLSecondsAfterFinished)
	if t.ActiveDeadlineSeconds != nil && (job.Spec.ActiveDeadlineSeconds == nil ||
		*t.ActiveDeadlineSeconds < *job.Spec.ActiveDeadlineSeconds) {
		job.Spec.ActiveDeadlineSeconds = t.ActiveDeadlineSeconds
	}
	OverlayPodTemplate(job, &t.Template)
}

// OverlayPodTemplate lays a pod template over job.
func OverlayPodTemplate(job *batchv1.Job, t *metav1alpha1.PodTemplateSpec) {
	if t == nil {
		return
	}
	pod, spec := &job.Spec.Template, &t.Spec
	job.Labels = addMissing(job.Labels, t.Controller.Labels)
	job.Annotations = addMissing(job.Annotations, t.Controller.Annotations)
	pod.Labels = addMissing(pod.Labels, t.Metadata.Labels)
	pod.Annotations = addMissing(pod.Annotations, t.Metadata.Annotations)

	to := &pod.Spec
	for _, v := range spec.Volumes {
		to.Volumes = upsert(to.Volumes, v.ToCore(), func(v corev1.Volume) string { return v.Name })
	}
	to.InitContainers = append(to.InitContainers, spec.InitContainers...)
	set(&to.TerminationGracePeriodSeconds, spec.TerminationGracePeriodSeconds)
	setValue(&to.DNSPolicy, spec.DNSPolicy)
	to.NodeSelector = overlayMap(to.NodeSelector, spec.NodeSelector)
	setServiceAccount(to, spec.ServiceAccountName)
	setValue(&to.HostNetwork, spec.HostNetwork)
	setValue(&to.HostPID, spec.HostPID)
	setValue(&to.HostIPC, spec.HostIPC)
	set(&to.ShareProcessNamespace, spec.ShareProcessNamespace)
	overlayPodSecurity(to, spec.SecurityContext)
	to.ImagePullSecrets = append(to.ImagePullSecrets, spec.ImagePullSecrets...)
	set(&to.Affinity, spec.Affinity)
	setValue(&to.SchedulerName, spec.SchedulerName)
	to.Tolerations = append(to.Tolerations, spec.Tolerations...)
	setValue(&to.PriorityClassName, spec.PriorityClassName)
	set(&to.Priority, spec.Priority)
	set(&to.DNSConfig, spec.DNSConfig)
	set(&to.RuntimeClassName, spec.RuntimeClassName)
	set(&to.EnableServiceLinks, spec.EnableServiceLinks)
	to.TopologySpreadConstraints = append(to.TopologySpreadConstraints, spec.TopologySpreadConstraints...)

	c := &to.Containers[0]
	c.Args = append(c.Args, spec.Args...)
	overlayEnv(c, spec.Env)
	overlayResources(c, spec.Resources)
	set(&c.LivenessProbe, spec.LivenessProbe)
	set(&c.ReadinessProbe, spec.ReadinessProbe)
	set(&c.Lifecycle, spec.Lifecycle)
	overlaySecurity(c, spec.ContainerSecurityContext)
	for _, m := range spec.VolumeMounts {
		c.VolumeMounts = upsert(c.VolumeMounts, m, func(m corev1.VolumeMount) string { return m.MountPath })
	}
}

// OverlayContainer lays container settings over the main container of job.
func OverlayContainer(job *batchv1.Job, r *metav1alpha1.ContainerRuntimeSettings) {
	if r == nil {
		return
	}
	c := &job.Spec.Template.Spec.Containers[0]
	overlayResources(c, r.Resources)
	set(&c.LivenessProbe, r.LivenessProbe)
	set(&c.ReadinessProbe, r.ReadinessProbe)
	set(&c.Lifecycle, r.Lifecycle)
	overlaySecurity(c, r.SecurityContext)
	c.EnvFrom = append(c.EnvFrom, r.EnvFrom...)
	overlayEnv(c, r.Env)
}

// OverlayPod lays pod settings over job.
func OverlayPod(job *batchv1.Job, r *metav1alpha1.PodRuntimeSettings) {
	if r == nil {
		return
	}
	pod := &job.Spec.Template
	pod.Labels = addMissing(pod.Labels, r.PodLabels)
	pod.Annotations = addMissing(pod.Annotations, r.PodAnnotations)
	to := &pod.Spec
	to.NodeSelector = overlayMap(to.NodeSelector, r.NodeSelector)
	setServiceAccount(to, r.ServiceAccountName)
	set(&to.AutomountServiceAccountToken, r.AutomountServiceAccountToken)
	setValue(&to.NodeName, r.NodeName)
	overlayPodSecurity(to, r.SecurityContext)
	to.ImagePullSecrets = append(to.ImagePullSecrets, r.ImagePullSecrets...)
	set(&to.Affinity, r.Affinity)
	setValue(&to.SchedulerName, r.SchedulerName)
	to.Tolerations = append(to.Tolerations, r.Tolerations...)
	setValue(&to.PriorityClassName, r.PriorityClassName)
	set(&to.Priority, r.Priority)
	to.ReadinessGates = append(to.ReadinessGates, r.ReadinessGates...)
	set(&to.RuntimeClassName, r.RuntimeClassName)
	set(&to.EnableServiceLinks, r.EnableServiceLinks)
	to.TopologySpreadConstraints = append(to.TopologySpreadConstraints, r.TopologySpreadConstraints...)
}

// setServiceAccount gives the pod the token of an account that a user names: that is why it was named.
func setServiceAccount(spec *corev1.PodSpec, name string) {
	if name == "" {
		return
	}
	spec.ServiceAccountName = name
	spec.AutomountServiceAccountToken = nil
}

func overlayResources(c *corev1.Container, r corev1.ResourceRequirements) {
	c.Resources.Limits = overlayMap(c.Resources.Limits, r.Limits)
	c.Resources.Requests = overlayMap(c.Resources.Requests, r.Requests)
	// A default request above the user's limit would be refused by the API server.
	for name, limit := range c.Resources.Limits {
		if request, ok := c.Resources.Requests[name]; ok && request.Cmp(limit) > 0 {
			c.Resources.Requests[name] = limit
		}
	}
	c.Resources.Claims = append(c.Resources.Claims, r.Claims...)
}

func overlayEnv(c *corev1.Container, env []corev1.EnvVar) {
	for _, e := range env {
		c.Env = upsert(c.Env, e, func(e corev1.EnvVar) string { return e.Name })
	}
}

// overlayPodSecurity merges field by field. The merge goes through JSON because absent fields are exactly
// those that must not replace anything.
func overlayPodSecurity(spec *corev1.PodSpec, over *corev1.PodSecurityContext) {
	if over == nil {
		return
	}
	if spec.SecurityContext == nil {
		spec.SecurityContext = &corev1.PodSecurityContext{}
	}
	overlayJSON(spec.SecurityContext, over)
}

func overlaySecurity(c *corev1.Container, over *corev1.SecurityContext) {
	if over == nil {
		return
	}
	if c.SecurityContext == nil {
		c.SecurityContext = &corev1.SecurityContext{}
	}
	overlayJSON(c.SecurityContext, over)
}

// overlayJSON can't fail on the API types that it is called with; a failure would be a programming error.
func overlayJSON(to, over any) {
	raw, err := json.Marshal(over)
	if err == nil {
		err = json.Unmarshal(raw, to)
	}
	if err != nil {
		panic(fmt.Sprintf("merging %T: %v", over, err))
	}
}

func set[T any](to **T, from *T) {
	if from != nil {
		*to = from
	}
}

func setValue[T comparable](to *T, from T) {
	var zero T
	if from != zero {
		*to = from
	}
}

func overlayMap[M ~map[K]V, K comparable, V any](to, over M) M {
	if len(over) == 0 {
		return to
	}
	out := maps.Clone(to)
	if out == nil {
		out = M{}
	}
	maps.Copy(out, over)
	return out
}

func addMissing(to, from map[string]string) map[string]string {
	if len(from) == 0 {
		return to
	}
	return overlayMap(from, to)
}

func upsert[T any](list []T, item T, key func(T) string) []T {
	for i := range list {
		if key(list[i]) == key(item) {
			list[i] = item
			return list
		}
	}
	return append(list, item)
}
