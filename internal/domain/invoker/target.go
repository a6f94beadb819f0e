// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package invoker

import metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"

// groups are the API groups of the kinds that manifests name without one.
var groups = map[string]string{
	metav1alpha1.KindDeployment:  "apps",
	metav1alpha1.KindStatefulSet: "apps",
	metav1alpha1.KindDaemonSet:   "apps",
	metav1alpha1.KindReplicaSet:  "apps",
	metav1alpha1.KindJob:         "batch",
}

// Normalise gives a reference the group and namespace that it means.
func Normalise(ref metav1alpha1.TypedObjectReference, namespace string) metav1alpha1.TypedObjectReference {
	if ref.APIGroup == "" {
		ref.APIGroup = groups[ref.Kind]
	}
	if ref.Namespace == "" && ref.Kind != "" {
		ref.Namespace = namespace
	}
	return ref
}

// Normal is the target with the group and namespace that are meant; nil when there is none.
func (t Target) Normal(namespace string) *metav1alpha1.TypedObjectReference {
	if t.Ref == nil {
		return nil
	}
	ref := Normalise(*t.Ref, namespace)
	return &ref
}

// RepositoryRef is what the Repositories and Snapshots of a part say of its target: where there is none they have
// a published placeholder.
func (p Part) RepositoryRef(namespace string) metav1alpha1.TypedObjectReference {
	if p.AppRef == nil {
		return metav1alpha1.TypedObjectReference{
			APIGroup: metav1alpha1.TargetNotApplicable, Name: metav1alpha1.TargetNotApplicable,
		}
	}
	return Normalise(*p.AppRef, namespace)
}
