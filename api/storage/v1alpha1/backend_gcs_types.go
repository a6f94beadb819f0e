// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// GCSSpec is a backend on Google Cloud Storage. Users write it. Empty is refused.
//
// +kubebuilder:validation:XValidation:rule="has(self.bucket) && size(self.bucket) > 0",message="gcs needs to know where to keep backups: set storage.gcs.bucket",reason=FieldValueRequired,fieldPath=".bucket"
type GCSSpec struct {
	// Bucket is the name of the bucket. It is needed.
	// +optional
	Bucket string `json:"bucket,omitempty"`

	// Prefix is a folder of the bucket, which everything is kept in. Empty means the root of the bucket.
	// +optional
	Prefix string `json:"prefix,omitempty"`

	// MaxConnections limits how many requests restic makes at once. Zero means restic's default.
	// +optional
	MaxConnections int64 `json:"maxConnections,omitempty"`

	// SecretName is a Secret in the BackupStorage's namespace, with GOOGLE_SERVICE_ACCOUNT_JSON_KEY. Empty means the cloud identity
	// of the pod's ServiceAccount.
	// +optional
	SecretName string `json:"secretName,omitempty"`
}
