// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"path"
	"slices"
	"strings"
	"time"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// namespaceGrace is how long, from the deletion of a namespace, an erasure that fails is tried again there. After it the
// data stays: nobody can mend anything in such a namespace any more, and it would never go.
const namespaceGrace = 10 * time.Minute

// LetGo says whether an object in a namespace that is being deleted goes although its data could not be erased. It does
// at once when that can't be mended, because the Secret is gone or nothing can be made there any more.
func LetGo(deleted, now time.Time, forGood bool) bool {
	return !deleted.IsZero() && (forGood || !now.Before(deleted.Add(namespaceGrace)))
}

// Overlap says whether erasing one Repository could touch the data of the other. Both places are absolute, as Place has
// them.
func Overlap(a, b string) bool {
	return reaches(a, b) || reaches(b, a)
}

// reaches says whether what is erased with a holds the folder of b.
func reaches(a, b string) bool {
	return CleanPath(a) == CleanPath(b) || slices.ContainsFunc(OwnedPrefixes(a), func(prefix string) bool {
		return strings.HasPrefix(CleanPath(b)+"/", prefix)
	})
}

// Place is where a Repository lies, told from all other stores: two BackupStorages may be one bucket. A volume is told
// apart by its BackupStorage alone: what else mounts it can't be seen.
func Place(storage *storagev1alpha1.BackupStorage, repositoryPath string) string {
	b := storage.Spec.Storage
	var root string
	switch {
	case b.Provider == storagev1alpha1.ProviderS3 && b.S3 != nil:
		root = path.Join("s3", strings.ToLower(strings.TrimRight(b.S3.Endpoint, "/")), b.S3.Bucket, b.S3.Prefix)
	case b.Provider == storagev1alpha1.ProviderGCS && b.GCS != nil:
		root = path.Join("gcs", b.GCS.Bucket, b.GCS.Prefix)
	case b.Provider == storagev1alpha1.ProviderAzure && b.Azure != nil:
		root = path.Join("azure", b.Azure.StorageAccount, b.Azure.Container, b.Azure.Prefix)
	default:
		root = path.Join("volume", storage.Namespace, storage.Name)
	}
	return path.Join(root, CleanPath(repositoryPath))
}
