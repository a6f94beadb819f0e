// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of this package.
const GroupName = "core.kubestash.com"

var (
	// GroupVersion is the group and version of this package.
	GroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1alpha1"}

	// SchemeBuilder collects what AddToScheme registers.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme makes the kinds of this package known to a scheme.
	AddToScheme = SchemeBuilder.AddToScheme
)

// Kinds of this package.
const (
	KindBackupBatch         = "BackupBatch"
	KindBackupBlueprint     = "BackupBlueprint"
	KindHookTemplate        = "HookTemplate"
	KindBackupConfiguration = "BackupConfiguration"
	KindBackupSession       = "BackupSession"
	KindRestoreSession      = "RestoreSession"
)

// Resource qualifies the plural name of a kind with the group.
func Resource(plural string) schema.GroupResource {
	return GroupVersion.WithResource(plural).GroupResource()
}

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&BackupBatch{}, &BackupBatchList{},
		&BackupBlueprint{}, &BackupBlueprintList{},
		&HookTemplate{}, &HookTemplateList{},
		&BackupConfiguration{}, &BackupConfigurationList{},
		&BackupSession{}, &BackupSessionList{},
		&RestoreSession{}, &RestoreSessionList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
