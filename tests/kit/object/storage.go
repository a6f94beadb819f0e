// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package object

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// S3 is a BackupStorage in a bucket, which any namespace may use. Its keys are in StorageSecret. When maintenance is due depends on names,
// and so on chance: there is none unless a test asks for it.
func S3(namespace, endpoint, bucket string) *storagev1alpha1.BackupStorage {
	return &storagev1alpha1.BackupStorage{
		ObjectMeta: Meta(namespace, Storage),
		Spec: storagev1alpha1.BackupStorageSpec{
			Storage: storagev1alpha1.Backend{
				Provider: storagev1alpha1.ProviderS3,
				S3: &storagev1alpha1.S3Spec{
					Endpoint: endpoint, Bucket: bucket, Prefix: namespace, Region: "us-east-1", SecretName: StorageSecret,
				},
			},
			UsagePolicy: everybody(),
			Maintenance: unmaintained(),
		},
	}
}

// Local is a BackupStorage on a claim.
func Local(namespace, claim string) *storagev1alpha1.BackupStorage {
	return &storagev1alpha1.BackupStorage{
		ObjectMeta: Meta(namespace, Storage),
		Spec: storagev1alpha1.BackupStorageSpec{
			Storage: storagev1alpha1.Backend{
				Provider: storagev1alpha1.ProviderLocal,
				Local: &storagev1alpha1.LocalSpec{
					VolumeSource: metav1alpha1.VolumeSource{
						PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim},
					},
					MountPath: "/backups",
				},
			},
			UsagePolicy: everybody(),
			Maintenance: unmaintained(),
		},
	}
}

// S3Keys is the Secret of S3.
func S3Keys(namespace, accessKey, secretKey string) *corev1.Secret {
	return Secret(namespace, StorageSecret, map[string]string{
		metav1alpha1.SecretKeyAWSAccessKeyID: accessKey, metav1alpha1.SecretKeyAWSSecretAccessKey: secretKey,
	})
}

// Password is the encryption Secret.
func Password(namespace, password string) *corev1.Secret {
	return Secret(namespace, EncryptionSecret, map[string]string{metav1alpha1.SecretKeyResticPassword: password})
}

// KeepLast keeps the last Snapshots, and one that failed.
func KeepLast(namespace string, last int32) *storagev1alpha1.RetentionPolicy {
	return &storagev1alpha1.RetentionPolicy{
		ObjectMeta: Meta(namespace, Retention),
		Spec: storagev1alpha1.RetentionPolicySpec{
			SuccessfulSnapshots: &storagev1alpha1.SuccessfulSnapshotsKeepPolicy{Last: ptr.To(last)},
			FailedSnapshots:     &storagev1alpha1.FailedSnapshotsKeepPolicy{Last: ptr.To[int32](1)},
			UsagePolicy:         everybody(),
		},
	}
}

func everybody() *metav1alpha1.UsagePolicy {
	return &metav1alpha1.UsagePolicy{AllowedNamespaces: metav1alpha1.AllowedNamespaces{From: metav1alpha1.NamespacesFromAll}}
}

func unmaintained() *storagev1alpha1.StorageMaintenanceSpec {
	return &storagev1alpha1.StorageMaintenanceSpec{MaintenanceSpec: storagev1alpha1.MaintenanceSpec{Paused: ptr.To(true)}}
}
