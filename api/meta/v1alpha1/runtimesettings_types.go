// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import corev1 "k8s.io/api/core/v1"

// RuntimeSettings shape a pod that KubeStash makes and its container. Users write it. Empty means KubeStash's own defaults.
type RuntimeSettings struct {
	// Pod holds the settings of the pod. Empty means defaults.
	// +optional
	Pod *PodRuntimeSettings `json:"pod,omitempty"`

	// Container holds the settings of the pod's containers. Empty means defaults.
	// +optional
	Container *ContainerRuntimeSettings `json:"container,omitempty"`
}

// PodRuntimeSettings are the settings of a pod. Users write it. A field that is empty leaves KubeStash's default as it is.
type PodRuntimeSettings struct {
	// PodLabels are added to the pod's labels.
	// +optional
	PodLabels map[string]string `json:"podLabels,omitempty"`

	// PodAnnotations are added to the pod's annotations.
	// +optional
	PodAnnotations map[string]string `json:"podAnnotations,omitempty"`

	// NodeSelector selects the nodes that the pod may run on, by their labels.
	// +optional
	// +mapType=atomic
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// ServiceAccountName is the ServiceAccount that the pod runs as. It must exist. Empty means one without any rights.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`

	// ServiceAccountAnnotations are put on the ServiceAccount that KubeStash makes for the pod, for cloud identities. They are not
	// put on a ServiceAccount that serviceAccountName names.
	// +optional
	ServiceAccountAnnotations map[string]string `json:"serviceAccountAnnotations,omitempty"`

	// AutomountServiceAccountToken says whether the pod gets an API token. Empty means no, unless a ServiceAccount is named.
	// +optional
	AutomountServiceAccountToken *bool `json:"automountServiceAccountToken,omitempty"`

	// NodeName puts the pod on this node, past the scheduler.
	// +optional
	NodeName string `json:"nodeName,omitempty"`

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

	// ReadinessGates are extra conditions for the pod to count as ready.
	// +optional
	ReadinessGates []corev1.PodReadinessGate `json:"readinessGates,omitempty"`

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
}

// ContainerRuntimeSettings are the settings of a container that does the work. Users write it. A field that is empty leaves
// KubeStash's default as it is.
type ContainerRuntimeSettings struct {
	// Resources are the container's requests and limits. Restic's memory follows the memory limit.
	// +optional
	Resources corev1.ResourceRequirements `json:"resources,omitzero"`

	// LivenessProbe of the container. Empty means none.
	// +optional
	LivenessProbe *corev1.Probe `json:"livenessProbe,omitempty"`

	// ReadinessProbe of the container. Empty means none.
	// +optional
	ReadinessProbe *corev1.Probe `json:"readinessProbe,omitempty"`

	// Lifecycle hooks of the container. Empty means none.
	// +optional
	Lifecycle *corev1.Lifecycle `json:"lifecycle,omitempty"`

	// SecurityContext of the container. Each field that is set wins over KubeStash's default.
	// +optional
	SecurityContext *corev1.SecurityContext `json:"securityContext,omitempty"`

	// Nice sets the CPU priority of the work. Empty means unchanged.
	// +optional
	Nice *NiceSettings `json:"nice,omitempty"`

	// IONice sets the disk priority of the work. Empty means unchanged.
	// +optional
	IONice *IONiceSettings `json:"ionice,omitempty"`

	// EnvFrom adds environment variables from ConfigMaps and Secrets.
	// +optional
	EnvFrom []corev1.EnvFromSource `json:"envFrom,omitempty"`

	// Env adds environment variables. One of the same name replaces KubeStash's own.
	// +optional
	Env []corev1.EnvVar `json:"env,omitempty"`
}

// NiceSettings are the arguments of nice(1). Users write it. Empty means unchanged.
type NiceSettings struct {
	// Adjustment is added to the process's niceness: -20 (most favourable) to 19 (least).
	// +optional
	Adjustment *int32 `json:"adjustment,omitempty"`
}

// IONiceSettings are the arguments of ionice(1). Users write it. Empty means unchanged.
type IONiceSettings struct {
	// Class is the scheduling class: 1 real time, 2 best effort, 3 idle.
	// +optional
	Class *int32 `json:"class,omitempty"`

	// ClassData is the level within the class, 0 (highest) to 7, for the classes that have levels.
	// +optional
	ClassData *int32 `json:"classData,omitempty"`
}
