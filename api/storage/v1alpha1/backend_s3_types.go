// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// S3Spec is a backend on S3. Users write it. Empty is refused.
//
// +kubebuilder:validation:XValidation:rule="has(self.bucket) && size(self.bucket) > 0",message="s3 needs to know where to keep backups: set storage.s3.bucket",reason=FieldValueRequired,fieldPath=".bucket"
type S3Spec struct {
	// Endpoint is the URL of the server, with its scheme. Empty means AWS.
	// +optional
	Endpoint string `json:"endpoint,omitempty"`

	// Bucket is the name of the bucket. It is needed.
	// +optional
	Bucket string `json:"bucket,omitempty"`

	// Prefix is a folder of the bucket, which everything is kept in. Empty means the root of the bucket.
	// +optional
	Prefix string `json:"prefix,omitempty"`

	// Region of the bucket. Empty means that of the server.
	// +optional
	Region string `json:"region,omitempty"`

	// SecretName is a Secret in the BackupStorage's namespace, with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and optionally
	// CA_CERT_DATA. Empty means the cloud identity of the pod's ServiceAccount.
	// +optional
	SecretName string `json:"secretName,omitempty"`

	// MaxConnections limits how many requests restic makes at once. Zero means restic's default.
	// +optional
	MaxConnections int64 `json:"maxConnections,omitempty"`

	// InsecureTLS skips the verification of the server's certificate. CA_CERT_DATA in the Secret is the safer way.
	// +optional
	InsecureTLS bool `json:"insecureTLS,omitempty"`
}
