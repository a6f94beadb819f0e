// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// BackupBlueprint checks a BackupBlueprint alone. Strings of its template may hold variables, so what they will be
// is checked when a BackupConfiguration is made of them.
func BackupBlueprint(obj *corev1alpha1.BackupBlueprint) field.ErrorList {
	list := usagePolicy(field.NewPath("spec", "usagePolicy"), obj.Spec.UsagePolicy)
	at := field.NewPath("spec", "backupConfigurationTemplate")
	template := obj.Spec.BackupConfigurationTemplate
	if template == nil {
		return append(list, field.Required(at, "say what BackupConfigurations are made from"))
	}
	seen := map[string]bool{}
	for i, b := range template.Backends {
		if seen[b.Name] {
			list = append(list, field.Duplicate(at.Child("backends").Index(i).Child("name"), b.Name))
		}
		seen[b.Name] = true
	}
	return list
}

// BackupBlueprintAmong checks which storages the blueprint may use. The storages are looked at from the
// blueprint's own namespace.
func BackupBlueprintAmong(obj *corev1alpha1.BackupBlueprint, around Surroundings) field.ErrorList {
	template := obj.Spec.BackupConfigurationTemplate
	if template == nil {
		return nil
	}
	var list field.ErrorList
	at := field.NewPath("spec", "backupConfigurationTemplate", "backends")
	for i, b := range template.Backends {
		if b.StorageRef == nil {
			continue
		}
		key := named(*b.StorageRef, obj.Namespace)
		if s := around.Storages[key]; s != nil {
			list = append(list, around.mayUse(at.Index(i).Child("storageRef"), "BackupStorage", key, s.Spec.UsagePolicy, obj.Namespace)...)
		}
	}
	return list
}

// MissingOfBackupBlueprint are the storages that the blueprint names and that don't exist.
func MissingOfBackupBlueprint(obj *corev1alpha1.BackupBlueprint, around Surroundings) []string {
	template := obj.Spec.BackupConfigurationTemplate
	if template == nil {
		return nil
	}
	var out []string
	at := field.NewPath("spec", "backupConfigurationTemplate", "backends")
	for i, b := range template.Backends {
		if b.StorageRef == nil || b.StorageRef.Name == "" || IsVariable(b.StorageRef) {
			continue
		}
		if key := named(*b.StorageRef, obj.Namespace); around.Storages[key] == nil {
			out = append(out, missing(at.Index(i).Child("storageRef"), "BackupStorage", key))
		}
	}
	return out
}

// IsVariable is true of a reference in a template that is known only once its variables are.
func IsVariable(ref *metav1alpha1.ObjectReference) bool {
	return strings.Contains(ref.Name, "${") || strings.Contains(ref.Namespace, "${")
}
