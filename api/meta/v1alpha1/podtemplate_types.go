// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import corev1 "k8s.io/api/core/v1"

// PodTemplateSpec shapes a Job and its pod. Users write it. Empty means KubeStash's own defaults.
type PodTemplateSpec struct {
	// Metadata is put on the pod.
	// +optional
	Metadata TemplateMeta `json:"metadata,omitzero"`

	// Controller is the metadata that is put on the Job.
	// +optional
	Controller TemplateMeta `json:"controller,omitzero"`

	// Spec of the pod, with the settings of its main container next to those of the pod.
	// +optional
	Spec PodSpec `json:"spec,omitzero"`
}

// TemplateMeta is the part of an object's metadata that a template may set. Users write it. Empty adds nothing.
type TemplateMeta struct {
	// Labels are added to KubeStash's own, which can't be replaced.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`

	// Annotations are added to KubeStash's own.
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
}

// PodSpec is a pod with one main container: the fields up to topologySpreadConstraints shape the pod, the others that container.
// Users write it. A field that is empty leaves KubeStash's default as it is.
type PodSpec struct {
	// Volumes are added to the pod's volumes. One of the same name replaces KubeStash's own.
	// +optional
	Volumes []Volume `json:"volumes,omitempty"`

	// InitContainers run before the main container, after KubeStash's own.
	// +optional
	InitContainers []corev1.Container `json:"initContainers,omitempty"`

	// TerminationGracePeriodSeconds is how long the pod may take to stop, in seconds.
	// +optional
	TerminationGracePeriodSeconds *int64 `json:"terminationGracePeriodSeconds,omitempty"`

	// DNSPolicy of the pod. Empty means ClusterFirst.
	// +optional
	DNSPolicy corev1.DNSPolicy `json:"dnsPolicy,omitempty"`

	// NodeSelector selects the nodes that the pod may run on, by their labels.
	// +optional
	// +mapType=atomic
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// ServiceAccountName is the ServiceAccount that the pod runs as, with its token mounted. It must exist. Empty means one without any rights.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`

	// HostNetwork runs the pod in the node's network.
	// +optional
	HostNetwork bool `json:"hostNetwork,omitempty"`

	// HostPID runs the pod in the node's process namespace.
	// +optional
	HostPID bool `json:"hostPID,omitempty"`

	// HostIPC runs the pod in the node's IPC namespace.
	// +optional
	HostIPC bool `json:"hostIPC,omitempty"`

	// ShareProcessNamespace lets the containers of the pod see each other's processes.
	// +optional
	ShareProcessNamespace *bool `json:"shareProcessNamespace,omitempty"`

	// SecurityContext of the pod. Each field that is set wins over KubeStash's default.
	// +optional
	SecurityContext *corev1.PodSecurityContext `json:"securityContext,omitempty"`

	// ImagePullSecrets are added to the pod's pull secrets. They are looked up in the pod's namespace.
	// +optional
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`

	// Affinity constrains where the pod is scheduled.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`

	// SchedulerName is the scheduler that places the pod. Empty means the cluster's default scheduler.
	// +optional
	SchedulerName string `json:"schedulerName,omitempty"`

	// Tolerations let the pod run on tainted nodes.
	// +optional
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// PriorityClassName is the PriorityClass of the pod.
	// +optional
	PriorityClassName string `json:"priorityClassName,omitempty"`

	// Priority of the pod. It is normally left to priorityClassName.
	// +optional
	Priority *int32 `json:"priority,omitempty"`

	// DNSConfig adds to the pod's resolver settings.
	// +optional
	DNSConfig *corev1.PodDNSConfig `json:"dnsConfig,omitempty"`

	// RuntimeClassName is the RuntimeClass that runs the pod.
	// +optional
	RuntimeClassName *string `json:"runtimeClassName,omitempty"`

	// EnableServiceLinks says whether the pod gets environment variables for the namespace's Services. Empty means as Kubernetes does.
	// +optional
	EnableServiceLinks *bool `json:"enableServiceLinks,omitempty"`

	// TopologySpreadConstraints spread pods over topology domains.
	// +optional
	// +listType=map
	// +listMapKey=topologyKey
	// +listMapKey=whenUnsatisfiable
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`

	// Args are appended to the arguments of the main container.
	// +optional
	Args []string `json:"args,omitempty"`

	// Env adds environment variables to the main container. One of the same name replaces KubeStash's own.
	// +optional
	Env []corev1.EnvVar `json:"env,omitempty"`

	// Resources are the main container's requests and limits. Restic's memory follows the memory limit.
	// +optional
	Resources corev1.ResourceRequirements `json:"resources,omitzero"`

	// LivenessProbe of the main container. Empty means none.
	// +optional
	LivenessProbe *corev1.Probe `json:"livenessProbe,omitempty"`

	// ReadinessProbe of the main container. Empty means none.
	// +optional
	ReadinessProbe *corev1.Probe `json:"readinessProbe,omitempty"`

	// Lifecycle hooks of the main container. Empty means none.
	// +optional
	Lifecycle *corev1.Lifecycle `json:"lifecycle,omitempty"`

	// ContainerSecurityContext is the main container's security context. Each field that is set wins over KubeStash's default.
	// +optional
	ContainerSecurityContext *corev1.SecurityContext `json:"containerSecurityContext,omitempty"`

	// VolumeMounts are added to the mounts of the main container.
	// +optional
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty"`

	// PodPlacementPolicy is accepted for manifests that have it, and not read.
	// +optional
	PodPlacementPolicy *corev1.LocalObjectReference `json:"podPlacementPolicy,omitempty"`
}
