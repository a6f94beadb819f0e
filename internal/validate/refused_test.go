// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package validate_test

import (
	"testing"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/validate"
)

func TestAVerifierIsRefusedNotIgnored(t *testing.T) {
	bc := configuration(func(s *corev1alpha1.BackupConfigurationSpec) {
		s.Sessions[0].Repositories[0].BackupVerifier = &metav1alpha1.ObjectReference{Name: "v"}
	})
	expect(t, "a verifier", validate.Invoker(invoker.Of(bc)),
		"spec.sessions[0].repositories[0].backupVerifier: Forbidden: trying backups out is not supported by this version")
}

func TestManifestsAreNotRestored(t *testing.T) {
	rs := restore(func(s *corev1alpha1.RestoreSessionSpec) { s.ManifestOptions = &corev1alpha1.ManifestRestoreOptions{} })
	expect(t, "options for manifests", validate.RestoreSession(rs),
		"spec.manifestOptions: Forbidden: restoring manifests is not supported by this version")
}

func TestClaimsAreMadeForARestoreOnly(t *testing.T) {
	bc := configuration(func(s *corev1alpha1.BackupConfigurationSpec) {
		s.Sessions[0].Addon.Tasks[0].TargetVolumes = &corev1alpha1.TargetVolumeInfo{VolumeClaimTemplates: make([]metav1alpha1.PersistentVolumeClaim, 1)}
	})
	expect(t, "claims for a backup", validate.Invoker(invoker.Of(bc)),
		"spec.sessions[0].addon.tasks[0].targetVolumes.volumeClaimTemplates: Forbidden: claims are made for a restore")
}
