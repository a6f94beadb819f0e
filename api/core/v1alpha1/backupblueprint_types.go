// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// BackupBlueprint makes BackupConfigurations for objects that are annotated with its name. Users create it. It has no status.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=backupblueprints,singular=backupblueprint,categories={kubestash,appscode,all}
// +kubebuilder:metadata:labels="app.kubernetes.io/name=kubestash"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
type BackupBlueprint struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what the user wants.
	// +required
	Spec BackupBlueprintSpec `json:"spec"`
}

// BackupBlueprintList is a list of BackupBlueprints.
//
// +kubebuilder:object:root=true
type BackupBlueprintList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []BackupBlueprint `json:"items"`
}

// BackupBlueprintSpec says how annotated objects are backed up. Users write it. Empty is refused.
//
// +kubebuilder:validation:XValidation:rule="has(self.backupConfigurationTemplate)",message="a BackupBlueprint needs the template that it makes BackupConfigurations from: set backupConfigurationTemplate",reason=FieldValueRequired,fieldPath=".backupConfigurationTemplate"
type BackupBlueprintSpec struct {
	// BackupConfigurationTemplate is what BackupConfigurations are made from. It is needed. Strings in it may hold variables, as
	// ${name}, which the target's annotations variables.kubestash.com/<name> give a value.
	// +optional
	BackupConfigurationTemplate *BackupConfigurationTemplate `json:"backupConfigurationTemplate,omitempty"`

	// Subjects are further kinds whose annotations are watched. Deployments, StatefulSets, DaemonSets and PersistentVolumeClaims always are.
	// +optional
	Subjects []metav1.TypeMeta `json:"subjects,omitempty"`

	// UsagePolicy says which namespaces may use this blueprint. Empty means the BackupBlueprint's own.
	// +optional
	// +kubebuilder:default={allowedNamespaces: {from: Same}}
	UsagePolicy *metav1alpha1.UsagePolicy `json:"usagePolicy,omitempty"`
}

// BackupConfigurationTemplate is what BackupConfigurations are made from. Users write it. Empty makes no BackupConfiguration: there is
// no session to take over.
type BackupConfigurationTemplate struct {
	// Namespace of the BackupConfigurations. Empty means that of each target.
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// Backends are where backups may go. Empty means the default BackupStorage with the default RetentionPolicy.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Backends []BackendReference `json:"backends,omitempty"`

	// Sessions are the schedules. A target may pick some with the annotation blueprint.kubestash.com/session-names.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Sessions []Session `json:"sessions,omitempty"`

	// DeletionPolicy OnDelete removes the BackupConfigurations together with the blueprint. Empty keeps them.
	// +optional
	DeletionPolicy BlueprintDeletionPolicy `json:"deletionPolicy,omitempty"`
}

// BlueprintDeletionPolicy says what becomes of BackupConfigurations when their blueprint is deleted. Users write it. Empty keeps them.
//
// +kubebuilder:validation:Enum=OnDelete
type BlueprintDeletionPolicy string

// BlueprintDeletionPolicyOnDelete removes the BackupConfigurations together with the blueprint.
const BlueprintDeletionPolicyOnDelete BlueprintDeletionPolicy = "OnDelete"
