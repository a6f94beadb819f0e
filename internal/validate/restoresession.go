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
	list = append(list, restoreTask(field.NewPath("spec"), &obj.Spec)...)
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

// restoreTask checks who restores, and into what.
func restoreTask(at *field.Path, spec *corev1alpha1.RestoreSessionSpec) field.ErrorList {
	if spec.Addon == nil || spec.Addon.Name == "" {
		return field.ErrorList{field.Required(at.Child("addon", "name"), "workload-addon restores workloads, pvc-addon PersistentVolumeClaims")}
	}
	list := PodTemplate(at.Child("addon", "jobTemplate"), spec.Addon.JobTemplate)
	if n := len(spec.Addon.Tasks); n != 1 {
		return append(list, field.Invalid(at.Child("addon", "tasks"), n, "exactly one task is supported"))
	}
	volumes := spec.Addon.Tasks[0].TargetVolumes
	if spec.Target == nil && (volumes == nil || len(volumes.VolumeClaimTemplates) == 0) {
		list = append(list, field.Required(at.Child("target"), "name the workload or PersistentVolumeClaim to restore into, "+
			"or the claims to make, in spec.addon.tasks[].targetVolumes.volumeClaimTemplates"))
	}
	return list
}

// RestoreSessionAmong checks which HookTemplates the session may use.
func RestoreSessionAmong(obj *corev1alpha1.RestoreSession, around Surroundings) field.ErrorList {
	if obj.Spec.Hooks == nil {
		return nil
	}
	at := field.NewPath("spec", "hooks")
	return append(around.mayUseHooks(at.Child("preRestore"), obj.Namespace, obj.Spec.Hooks.PreRestore),
		around.mayUseHooks(at.Child("postRestore"), obj.Namespace, obj.Spec.Hooks.PostRestore)...)
}

// MissingOfRestoreSession are the HookTemplates that the session names and that don't exist.
func MissingOfRestoreSession(obj *corev1alpha1.RestoreSession, around Surroundings) []string {
	if obj.Spec.Hooks == nil {
		return nil
	}
	at := field.NewPath("spec", "hooks")
	return append(around.missingHooks(at.Child("preRestore"), obj.Namespace, obj.Spec.Hooks.PreRestore),
		around.missingHooks(at.Child("postRestore"), obj.Namespace, obj.Spec.Hooks.PostRestore)...)
}
