// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// RestoreSession checks a RestoreSession alone.
func RestoreSession(obj *corev1alpha1.RestoreSession) field.ErrorList {
	at := field.NewPath("spec", "dataSource")
	source := obj.Spec.DataSource
	if source == nil {
		return field.ErrorList{field.Required(at, "say what to restore: a snapshot, or a repository and latest")}
	}
	list := manifests(field.NewPath("spec", "manifestOptions"), obj.Spec.ManifestOptions)
	if obj.Spec.Addon != nil {
		list = append(list, PodTemplate(field.NewPath("spec", "addon", "jobTemplate"), obj.Spec.Addon.JobTemplate)...)
	}
	if s := source.EncryptionSecret; s != nil && s.Name == "" {
		list = append(list, field.Required(at.Child("encryptionSecret", "name"), "name the Secret that holds RESTIC_PASSWORD"))
	}
	if pitr := source.PITR; pitr != nil {
		if pitr.TargetTime.IsZero() {
			list = append(list, field.Required(at.Child("pitr", "targetTime"), "say which point in time"))
		}
		if source.Repository == "" {
			list = append(list, field.Required(at.Child("repository"), "pitr needs a repository"))
		}
		return list
	}
	switch {
	case source.Snapshot == "":
		list = append(list, field.Required(at.Child("snapshot"), "name a Snapshot, or latest"))
	case source.Snapshot == metav1alpha1.SnapshotLatest && source.Repository == "":
		list = append(list, field.Required(at.Child("repository"), "snapshot: latest needs a repository"))
	}
	return list
}
