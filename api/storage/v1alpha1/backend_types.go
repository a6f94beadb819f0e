// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Names of the providers of a Backend.
const (
	ProviderLocal = "local"
	ProviderS3    = "s3"
	ProviderGCS   = "gcs"
	ProviderAzure = "azure"
)

// Backend is where bytes live: the provider, and the section that belongs to it. Users write it. There is no default.
//
// +kubebuilder:validation:XValidation:rule="self.provider != 'local' || has(self.local)",message="provider local needs its section: set storage.local",reason=FieldValueRequired,fieldPath=".local"
// +kubebuilder:validation:XValidation:rule="self.provider != 's3' || has(self.s3)",message="provider s3 needs its section: set storage.s3",reason=FieldValueRequired,fieldPath=".s3"
// +kubebuilder:validation:XValidation:rule="self.provider != 'gcs' || has(self.gcs)",message="provider gcs needs its section: set storage.gcs",reason=FieldValueRequired,fieldPath=".gcs"
// +kubebuilder:validation:XValidation:rule="self.provider != 'azure' || has(self.azure)",message="provider azure needs its section: set storage.azure",reason=FieldValueRequired,fieldPath=".azure"
type Backend struct {
	// Provider is the kind of store. The section of the same name holds its settings; other sections are not read.
	// +required
	// +kubebuilder:validation:Enum=local;s3;gcs;azure
	Provider string `json:"provider"`

	// Local is a volume: a PVC, an NFS share, a folder of a node, or anything else that a pod can mount.
	// +optional
	Local *LocalSpec `json:"local,omitempty"`

	// S3 is a bucket on AWS S3 or on a server that speaks its protocol.
	// +optional
	S3 *S3Spec `json:"s3,omitempty"`

	// GCS is a bucket on Google Cloud Storage.
	// +optional
	GCS *GCSSpec `json:"gcs,omitempty"`

	// Azure is a container on Azure Blob Storage.
	// +optional
	Azure *AzureSpec `json:"azure,omitempty"`
}
