// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"reflect"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// Kind is one kind of object, and the part of it that users write.
type Kind struct {
	Name string
	Spec reflect.Type
}

// Kinds are all that the API serves, in the order of the page.
func Kinds() []Kind {
	return []Kind{
		{"BackupStorage", reflect.TypeFor[storagev1alpha1.BackupStorageSpec]()},
		{"RetentionPolicy", reflect.TypeFor[storagev1alpha1.RetentionPolicySpec]()},
		{"Repository", reflect.TypeFor[storagev1alpha1.RepositorySpec]()},
		{"Snapshot", reflect.TypeFor[storagev1alpha1.SnapshotSpec]()},
		{"BackupConfiguration", reflect.TypeFor[corev1alpha1.BackupConfigurationSpec]()},
		{"BackupBatch", reflect.TypeFor[corev1alpha1.BackupBatchSpec]()},
		{"BackupSession", reflect.TypeFor[corev1alpha1.BackupSessionSpec]()},
		{"RestoreSession", reflect.TypeFor[corev1alpha1.RestoreSessionSpec]()},
		{"BackupBlueprint", reflect.TypeFor[corev1alpha1.BackupBlueprintSpec]()},
		{"HookTemplate", reflect.TypeFor[corev1alpha1.HookTemplateSpec]()},
		{"Addon", reflect.TypeFor[addonsv1alpha1.AddonSpec]()},
		{"Function", reflect.TypeFor[addonsv1alpha1.FunctionSpec]()},
	}
}
