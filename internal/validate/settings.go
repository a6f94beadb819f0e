// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// The checks here refuse settings that the Jobs of KubeStash can't have: what is accepted has an effect.

// defaultPlacement is the name of a PodPlacementPolicy that tools write into every template; it places nothing.
const defaultPlacement = "default"

// JobTemplate checks what a scheduler asks of the Jobs of its backups.
func JobTemplate(at *field.Path, t *corev1alpha1.JobTemplate) field.ErrorList {
	if t == nil {
		return nil
	}
	const onePod = "a backup of one component is one pod"
	var list field.ErrorList
	if n := ptr.Deref(t.Parallelism, 1); n != 1 {
		list = append(list, field.Invalid(at.Child("parallelism"), n, onePod))
	}
	if n := ptr.Deref(t.Completions, 1); n != 1 {
		list = append(list, field.Invalid(at.Child("completions"), n, onePod))
	}
	if m := ptr.Deref(t.CompletionMode, batchv1.NonIndexedCompletion); m != batchv1.NonIndexedCompletion {
		list = append(list, field.Invalid(at.Child("completionMode"), m, onePod))
	}
	if ptr.Deref(t.Suspend, false) {
		list = append(list, field.Forbidden(at.Child("suspend"), "a suspended Job would hold its session up for ever; suspend the scheduler instead"))
	}
	return append(list, PodTemplate(at.Child("template"), &t.Template)...)
}

// PodTemplate checks what is asked of a Job's pod.
func PodTemplate(at *field.Path, t *metav1alpha1.PodTemplateSpec) field.ErrorList {
	if t == nil {
		return nil
	}
	at = at.Child("spec")
	var list field.ErrorList
	if len(t.Spec.Args) > 0 {
		list = append(list, field.Forbidden(at.Child("args"),
			"KubeStash's own program takes no further arguments; those of restic are the parameter args of the task"))
	}
	if p := t.Spec.PodPlacementPolicy; p != nil && p.Name != "" && p.Name != defaultPlacement {
		list = append(list, field.Forbidden(at.Child("podPlacementPolicy"),
			"it isn't supported; place the pod with nodeSelector, affinity or topologySpreadConstraints"))
	}
	return list
}

// RuntimeSettings checks what is asked of the Jobs of a BackupStorage.
func RuntimeSettings(at *field.Path, r metav1alpha1.RuntimeSettings) field.ErrorList {
	var list field.ErrorList
	if r.Pod != nil && len(r.Pod.ServiceAccountAnnotations) > 0 {
		list = append(list, field.Forbidden(at.Child("pod", "serviceAccountAnnotations"),
			"KubeStash makes no ServiceAccount; make one with these annotations and name it in serviceAccountName"))
	}
	if c := r.Container; c != nil && (c.Nice != nil || c.IONice != nil) {
		list = append(list, field.Forbidden(at.Child("container"),
			"nice and ionice are for restic, which the Jobs of a BackupStorage don't run; set them in the containerRuntimeSettings of a session's addon"))
	}
	return list
}
