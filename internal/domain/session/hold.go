// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"cmp"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// Reads reports whether a RestoreSession reads from a Repository that has these Snapshots. A Snapshot may be named
// without its Repository.
func Reads(restore *corev1alpha1.RestoreSession, repo *storagev1alpha1.Repository, snapshots []storagev1alpha1.Snapshot) bool {
	from := restore.Spec.DataSource
	if from == nil || cmp.Or(from.Namespace, restore.Namespace) != repo.Namespace {
		return false
	}
	if from.Repository != "" {
		return from.Repository == repo.Name
	}
	for i := range snapshots {
		if snapshots[i].Name == from.Snapshot {
			return true
		}
	}
	return false
}

// Holds says which of a Repository's Snapshots retention must leave alone, and why: somebody reads them, or has said so.
// The readers are restores that have not finished, as "namespace/name", by what they read.
func Holds(snapshots []storagev1alpha1.Snapshot, readers map[string]string) map[string]string {
	holds := map[string]string{}
	for i := range snapshots {
		s := &snapshots[i]
		reason, kept := s.Annotations[metav1alpha1.AnnotationKeep]
		switch {
		case readers[s.Name] != "":
			holds[s.Name] = "RestoreSession " + readers[s.Name] + " reads it"
		case s.Status.VerificationSession != "" && s.Status.VerificationStatus == storagev1alpha1.VerificationStatusNotVerified:
			holds[s.Name] = "BackupVerificationSession " + s.Status.VerificationSession + " reads it"
		case kept && reason != "":
			holds[s.Name] = "annotation " + metav1alpha1.AnnotationKeep + ": " + reason
		case kept:
			holds[s.Name] = "annotation " + metav1alpha1.AnnotationKeep
		}
	}
	return holds
}
