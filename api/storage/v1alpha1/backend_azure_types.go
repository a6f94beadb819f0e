// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// AzureSpec is a backend on Azure Blob Storage. Users write it. Empty is refused.
//
// +kubebuilder:validation:XValidation:rule="has(self.storageAccount) && size(self.storageAccount) > 0",message="azure needs to know where to keep backups: set storage.azure.storageAccount",reason=FieldValueRequired,fieldPath=".storageAccount"
// +kubebuilder:validation:XValidation:rule="has(self.container) && size(self.container) > 0",message="azure needs to know where to keep backups: set storage.azure.container",reason=FieldValueRequired,fieldPath=".container"
type AzureSpec struct {
	// StorageAccount is the name of the storage account. It is needed.
	// +optional
	StorageAccount string `json:"storageAccount,omitempty"`

	// Container is the name of the blob container. It is needed.
	// +optional
	Container string `json:"container,omitempty"`

	// Prefix is a folder of the container, which everything is kept in. Empty means the root of the container.
	// +optional
	Prefix string `json:"prefix,omitempty"`

	// MaxConnections limits how many requests restic makes at once. Zero means restic's default.
	// +optional
	MaxConnections int64 `json:"maxConnections,omitempty"`

	// SecretName is a Secret in the BackupStorage's namespace, with AZURE_ACCOUNT_KEY. Empty means a workload identity.
	// +optional
	SecretName string `json:"secretName,omitempty"`
}
