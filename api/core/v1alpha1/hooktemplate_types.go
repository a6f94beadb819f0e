// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// HookTemplate is something to do before or after a backup or a restore. Users create it, and name it in the hooks of a session. It has no
// status.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=hooktemplates,singular=hooktemplate,categories={kubestash,appscode,all}
// +kubebuilder:metadata:labels="app.kubernetes.io/name=kubestash"
// +kubebuilder:printcolumn:name="Executor",type="string",JSONPath=".spec.executor.type"
// +kubebuilder:printcolumn:name="Timeout",type="string",JSONPath=".spec.timeout"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
type HookTemplate struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what the user wants.
	// +required
	Spec HookTemplateSpec `json:"spec"`
}

// HookTemplateList is a list of HookTemplates.
//
// +kubebuilder:object:root=true
type HookTemplateList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []HookTemplate `json:"items"`
}

// HookTemplateSpec says what is done, and by whom. Users write it. Empty is refused.
//
// +kubebuilder:validation:XValidation:rule="has(self.executor)",message="a HookTemplate needs somebody to carry it out: set executor",reason=FieldValueRequired,fieldPath=".executor"
// +kubebuilder:validation:XValidation:rule="!has(self.executor) || self.executor.type == 'Function' || has(self.action)",message="say what is done: set action.exec, httpGet, httpPost or tcpSocket",reason=FieldValueRequired,fieldPath=".action"
// +kubebuilder:validation:XValidation:rule="!has(self.executor) || self.executor.type != 'Function' || !has(self.action)",message="a Function does what its image does, and reads no action: remove it",reason=FieldValueForbidden,fieldPath=".action"
// +kubebuilder:validation:XValidation:rule="!has(self.executor) || self.executor.type != 'Operator' || !has(self.action) || !has(self.action.exec)",message="exec needs a pod: use executor.type Pod, or another action",reason=FieldValueForbidden,fieldPath=".action.exec"
type HookTemplateSpec struct {
	// UsagePolicy says which namespaces may use this template. Empty means the HookTemplate's own.
	// +optional
	// +kubebuilder:default={allowedNamespaces: {from: Same}}
	UsagePolicy *metav1alpha1.UsagePolicy `json:"usagePolicy,omitempty"`

	// Params are what users of this template may set. An action uses one as {{ .Params.name }}, a Function as ${name}. What a user sets is
	// text, and is not executed.
	// +optional
	Params []metav1alpha1.ParameterDefinition `json:"params,omitempty"`

	// Action is what is done. It is needed, except by a Function, which does what its image does.
	//
	// Every string in it is a Go template, and knows .Name and .Namespace of the session, .Invoker and .Target (each with APIGroup, Kind,
	// Namespace, Name), .Status (Phase: Succeeded or Failed so far, Duration, Error), .Params and .Variables. Beside Go's own functions
	// there are the usual ones on strings, lists and dictionaries, such as dict, list, default, toJson, quote, upper, trim, replace, join.
	// ${name} means nothing here, so a shell's own variables stay as they are.
	// +optional
	Action *HookAction `json:"action,omitempty"`

	// Executor is who carries it out. It is needed.
	// +optional
	Executor *HookExecutor `json:"executor,omitempty"`
}

// HookAction is one of the things that a hook can do. Users write it. Empty is refused.
//
// +kubebuilder:validation:XValidation:rule="[has(self.exec), has(self.httpGet), has(self.httpPost), has(self.tcpSocket)].filter(x, x).size() == 1",message="set exactly one of exec, httpGet, httpPost and tcpSocket"
type HookAction struct {
	// Exec runs a command in a container. It succeeds with exit code 0. A command that is over its timeout is let go of, and may still run.
	// +optional
	Exec *HookExec `json:"exec,omitempty"`

	// HTTPGet asks a server. It succeeds with a code from 200 to 399. Redirects are not followed.
	// +optional
	HTTPGet *HookHTTPGet `json:"httpGet,omitempty"`

	// HTTPPost sends something to a server. It succeeds with a code from 200 to 399. Redirects are not followed.
	// +optional
	HTTPPost *HookHTTPPost `json:"httpPost,omitempty"`

	// TCPSocket opens a connection. It succeeds when the port is open.
	// +optional
	TCPSocket *HookTCPSocket `json:"tcpSocket,omitempty"`

	// ContainerName is the container that a command runs in, and whose port a name means. Empty means the first one; a port is then looked
	// for in all of them.
	// +optional
	ContainerName string `json:"containerName,omitempty"`
}

// HookExec is a command. Users write it. Empty is refused.
type HookExec struct {
	// Command with its arguments. There is no shell unless it is named.
	// +required
	// +kubebuilder:validation:MinItems=1
	Command []string `json:"command"`
}

// HookHTTPGet is a request. Users write it. Empty is refused.
type HookHTTPGet struct {
	// Path of the URL, with a query if there is one. Empty means "/".
	// +optional
	Path string `json:"path,omitempty"`

	// Port, as a number or as the name of a container's port.
	// +required
	Port intstr.IntOrString `json:"port"`

	// Host to connect to. Empty means the IP address of the pod that is selected.
	// +optional
	Host string `json:"host,omitempty"`

	// Scheme is HTTP or HTTPS. Empty means HTTP. A server's certificate is verified where a host is set; a pod has none for its address.
	// +optional
	Scheme corev1.URIScheme `json:"scheme,omitempty"`

	// HTTPHeaders of the request.
	// +optional
	HTTPHeaders []corev1.HTTPHeader `json:"httpHeaders,omitempty"`
}

// HookHTTPPost is a request with a body or a form. Users write it. Empty is refused.
//
// +kubebuilder:validation:XValidation:rule="!(has(self.body) && has(self.form))",message="set body or form, not both"
type HookHTTPPost struct {
	HookHTTPGet `json:",inline"`

	// Body of the request, as it is.
	// +optional
	Body string `json:"body,omitempty"`

	// Form to send as application/x-www-form-urlencoded. Empty means none.
	// +optional
	Form []HookFormEntry `json:"form,omitempty"`
}

// HookFormEntry is a field of a form. Users write it. Empty sends a field without a name.
type HookFormEntry struct {
	// Key of the field.
	// +optional
	Key string `json:"key,omitempty"`

	// Values of the field.
	// +optional
	Values []string `json:"values,omitempty"`
}

// HookTCPSocket is a port. Users write it. Empty is refused.
type HookTCPSocket struct {
	// Port, as a number or as the name of a container's port.
	// +required
	Port intstr.IntOrString `json:"port"`

	// Host to connect to. Empty means the IP address of the pod that is selected.
	// +optional
	Host string `json:"host,omitempty"`
}

// HookExecutor is who carries a hook out. Users write it. Empty is refused.
//
// +kubebuilder:validation:XValidation:rule="self.type != 'Pod' || has(self.pod)",message="say which pods: set pod.selector",reason=FieldValueRequired,fieldPath=".pod"
// +kubebuilder:validation:XValidation:rule="self.type != 'Function' || has(self.function)",message="say which Function: set function.name",reason=FieldValueRequired,fieldPath=".function"
type HookExecutor struct {
	// Type is Pod for pods of the target, Operator for KubeStash itself, or Function for a pod of its own.
	// +required
	Type HookExecutorType `json:"type"`

	// Function to run. It is needed for the type Function, and read for no other.
	// +optional
	Function *HookFunction `json:"function,omitempty"`

	// Pod selects the pods. It is needed for the type Pod, and read for no other.
	// +optional
	Pod *HookPod `json:"pod,omitempty"`
}

// HookExecutorType says who carries a hook out. Users write it. Empty is refused.
//
// +kubebuilder:validation:Enum=Function;Pod;Operator
type HookExecutorType string

const (
	// HookExecutorFunction is a Job that runs a Function.
	HookExecutorFunction HookExecutorType = "Function"
	// HookExecutorPod is a pod of the application.
	HookExecutorPod HookExecutorType = "Pod"
	// HookExecutorOperator is KubeStash's own pod.
	HookExecutorOperator HookExecutorType = "Operator"
)

// HookFunction runs a Function as a hook. Users write it. Empty is refused.
type HookFunction struct {
	// Name of the Function.
	// +optional
	Name string `json:"name,omitempty"`

	// EnvVariables of the container. A value is a Go template, as in an action.
	// +optional
	EnvVariables []corev1.EnvVar `json:"env,omitempty"`

	// VolumeMounts of the container.
	// +optional
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty"`

	// Volumes of the pod.
	// +optional
	Volumes []metav1alpha1.Volume `json:"volumes,omitempty"`
}

// HookPod selects pods in the session's namespace. Users write it. Empty is refused.
type HookPod struct {
	// Selector is labels that the pods have, as in "app=web, tier=front".
	// +optional
	Selector string `json:"selector,omitempty"`

	// Owner of the pods. One that owns them through a ReplicaSet, as a Deployment does, counts. Empty means any.
	// +optional
	Owner *HookPodOwner `json:"owner,omitempty"`

	// Strategy says whether one of the pods is enough.
	// +optional
	// +kubebuilder:default=ExecuteOnOne
	Strategy HookStrategy `json:"strategy,omitempty"`
}

// HookPodOwner names the owner of pods. Users write it. Empty is refused.
//
// +structType=atomic
type HookPodOwner struct {
	// APIVersion of the owner.
	// +required
	APIVersion string `json:"apiVersion"`

	// Kind of the owner.
	// +required
	Kind string `json:"kind"`

	// Name of the owner.
	// +required
	Name string `json:"name"`

	// UID of the owner. Empty means whichever has the name.
	// +optional
	UID types.UID `json:"uid,omitempty"`

	// Controller has no effect.
	// +optional
	Controller *bool `json:"controller,omitempty"`

	// BlockOwnerDeletion has no effect.
	// +optional
	BlockOwnerDeletion *bool `json:"blockOwnerDeletion,omitempty"`
}

// HookStrategy says on how many of the pods a hook runs. Users write it. Empty means ExecuteOnOne.
//
// +kubebuilder:validation:Enum=ExecuteOnOne;ExecuteOnAll
type HookStrategy string

const (
	// HookExecuteOnOne takes the oldest pod that is ready.
	HookExecuteOnOne HookStrategy = "ExecuteOnOne"
	// HookExecuteOnAll takes every pod that runs, one after the other, and fails when one of them does.
	HookExecuteOnAll HookStrategy = "ExecuteOnAll"
)
