// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
)

// verifiers refuses what this version would not do: that backups are tried out is nothing to be wrong about.
func verifiers(at *field.Path, all []corev1alpha1.RepositoryInfo) field.ErrorList {
	var list field.ErrorList
	for i, r := range all {
		if r.BackupVerifier != nil {
			list = append(list, field.Forbidden(at.Index(i).Child("backupVerifier"),
				"trying backups out is not supported by this version: remove it, and restore into a scratch namespace now and then"))
		}
	}
	return list
}

// manifests refuses what only a restore of manifests would read.
func manifests(at *field.Path, options *corev1alpha1.ManifestRestoreOptions) field.ErrorList {
	if options == nil {
		return nil
	}
	return field.ErrorList{field.Forbidden(at, "restoring manifests is not supported by this version: remove it")}
}
