// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"errors"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// Application is a target as far as its data goes. The one without a Kind is none: a restore that makes what it fills.
type Application struct {
	Kind, Namespace, Name string
	// Pod is the pod template's spec; nil for a PersistentVolumeClaim.
	Pod *corev1.PodSpec
	// Replicas, FirstOrdinal and ClaimTemplates are a StatefulSet's.
	Replicas       *int32
	FirstOrdinal   int32
	ClaimTemplates []string
	// Nodes are where a DaemonSet's pods run.
	Nodes []string
}

// IsClaim reports whether the target is a PersistentVolumeClaim.
func (a Application) IsClaim() bool { return a.Kind == metav1alpha1.KindPersistentVolumeClaim }

// Part has data of its own: one component.
type Part struct {
	Component string
	// Pod is the spec as the part's own pod has it; nil for a PersistentVolumeClaim.
	Pod *corev1.PodSpec
	// Claim is the name of the target when that is a PersistentVolumeClaim; empty elsewhere.
	Claim string
	// Ordinal is a StatefulSet pod's number; empty elsewhere.
	Ordinal string
	// Node is where a DaemonSet's pod has its data; empty elsewhere.
	Node string
}

// Parts are the parts of an application, in a fixed order. The names of their components are published.
// Its errors are for the user.
func Parts(a Application) ([]Part, error) {
	switch a.Kind {
	case metav1alpha1.KindStatefulSet:
		return ofStatefulSet(a)
	case metav1alpha1.KindDaemonSet:
		return ofDaemonSet(a)
	case metav1alpha1.KindPersistentVolumeClaim:
		return []Part{{Component: metav1alpha1.ComponentDump, Claim: a.Name}}, nil
	default:
		return []Part{{Component: metav1alpha1.ComponentDump, Pod: a.Pod}}, nil
	}
}

func ofDaemonSet(a Application) ([]Part, error) {
	if len(a.Nodes) == 0 {
		return nil, errors.New("no pod of the DaemonSet runs on any node, so its data can't be found")
	}
	parts := make([]Part, 0, len(a.Nodes))
	for _, node := range slices.Sorted(slices.Values(a.Nodes)) {
		parts = append(parts, Part{Component: metav1alpha1.ComponentDump + "-" + node, Pod: a.Pod, Node: node})
	}
	return parts, nil
}

func ofStatefulSet(a Application) ([]Part, error) {
	replicas := ptr.Deref(a.Replicas, 1)
	if replicas == 0 {
		return nil, errors.New("the StatefulSet is scaled to zero, so it is not known which of its claims hold its data")
	}
	parts := make([]Part, 0, replicas)
	for i := range replicas {
		ordinal := strconv.Itoa(int(a.FirstOrdinal + i))
		parts = append(parts, Part{
			Component: metav1alpha1.ComponentDump + "-" + metav1alpha1.ComponentPod + "-" + ordinal,
			Pod:       withClaims(a, ordinal), Ordinal: ordinal,
		})
	}
	return parts, nil
}

// withClaims mounts a pod's own claims. A template's volume replaces one of the same name, as the StatefulSet
// controller has it.
func withClaims(a Application, ordinal string) *corev1.PodSpec {
	pod := a.Pod.DeepCopy()
	for _, template := range a.ClaimTemplates {
		pod.Volumes = slices.DeleteFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == template })
		pod.Volumes = append(pod.Volumes, corev1.Volume{Name: template, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: template + "-" + a.Name + "-" + ordinal},
		}})
	}
	return pod
}
