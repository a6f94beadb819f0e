// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package configuration

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/utils/ptr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// backends tells of each backend. One is ready when its storage is, and its retention policy is there.
func (d *decision) backends() {
	all := make([]corev1alpha1.BackendStatus, 0, len(d.of.Backends))
	for _, backend := range d.of.Backends {
		state := corev1alpha1.BackendStatus{Name: backend.Name}
		storageReady, policyReady := false, false
		if backend.StorageRef != nil {
			state.Storage, storageReady = d.storage(*backend.StorageRef)
		}
		if backend.RetentionPolicy != nil {
			state.RetentionPolicy, policyReady = d.policy(*backend.RetentionPolicy)
		}
		state.Ready = ptr.To(storageReady && policyReady)
		all = append(all, state)
	}
	d.verdict.Status.Backends = all
}

func (d *decision) storage(ref metav1alpha1.ObjectReference) (*corev1alpha1.StorageStatus, bool) {
	ref = Normalise(ref, d.of.Namespace)
	known := d.facts.Storages[ref]
	state := &corev1alpha1.StorageStatus{Ref: ref, Phase: known.Phase}
	switch {
	case !known.Found:
		state.Phase = storagev1alpha1.BackupStoragePhaseNotReady
		state.Reason = unavailable(storagev1alpha1.KindBackupStorage, ref, "spec.backends[].storageRef")
	case known.Denied != "":
		state.Reason = fmt.Sprintf("BackupStorage %s/%s is not allowed: %s.", ref.Namespace, ref.Name, known.Denied)
	case known.Phase != storagev1alpha1.BackupStoragePhaseReady:
		state.Reason = fmt.Sprintf("BackupStorage %s/%s is not ready: %s", ref.Namespace, ref.Name, or(known.Reason, "it is being initialized."))
	}
	d.missing(state.Reason)
	return state, state.Reason == ""
}

func (d *decision) policy(ref metav1alpha1.ObjectReference) (*corev1alpha1.RetentionPolicyStatus, bool) {
	ref = Normalise(ref, d.of.Namespace)
	known := d.facts.Policies[ref]
	state := &corev1alpha1.RetentionPolicyStatus{Ref: ref}
	switch {
	case !known.Found:
		state.Reason = unavailable(storagev1alpha1.KindRetentionPolicy, ref, "spec.backends[].retentionPolicy")
	case known.Denied != "":
		state.Reason = fmt.Sprintf("RetentionPolicy %s/%s is not allowed: %s.", ref.Namespace, ref.Name, known.Denied)
	case len(known.Problems) > 0:
		state.Reason = fmt.Sprintf("RetentionPolicy %s/%s can't be used: %s.", ref.Namespace, ref.Name, strings.Join(known.Problems, "; "))
	}
	state.Found = ptr.To(state.Reason == "")
	d.missing(state.Reason)
	return state, state.Reason == ""
}

// repositories asks for each Repository whose storage can be used, and tells how they are.
func (d *decision) repositories() {
	entries := Entries(d.of)
	all := make([]corev1alpha1.RepositoryStatus, 0, len(entries))
	for _, entry := range entries {
		if slices.ContainsFunc(all, func(s corev1alpha1.RepositoryStatus) bool { return s.Name == entry.Info.Name }) {
			continue
		}
		state := corev1alpha1.RepositoryStatus{
			Name: entry.Info.Name, Phase: storagev1alpha1.RepositoryPhaseNotReady,
			VerificationConfigured: entry.Info.BackupVerifier != nil,
		}
		existing, exists := d.facts.Repositories[entry.Info.Name]
		storage := d.facts.Storages[entry.Location.Storage]
		switch {
		case exists && !existing.DeletionTimestamp.IsZero():
			state.Reason = "The Repository of this name is being deleted; it is made again after that."
			d.wake(missingInterval)
		case exists:
			state.Phase, state.Reason = repositoryPhase(&existing)
			d.ensureRepository(entry)
		case d.facts.Leaving:
			state.Reason = d.leaving()
		case !storage.Found || storage.Denied != "":
			state.Reason = "Its BackupStorage can't be used yet."
		default:
			state.Reason = "It is being created."
			d.ensureRepository(entry)
		}
		all = append(all, state)
	}
	d.verdict.Status.Repositories = all
}

func (d *decision) ensureRepository(entry Entry) {
	d.verdict.Intents = append(d.verdict.Intents, EnsureRepository{
		Info: entry.Info, AppRef: entry.AppRef, Storage: entry.Location.Storage,
	})
}

func repositoryPhase(repository *storagev1alpha1.Repository) (storagev1alpha1.RepositoryPhase, string) {
	if repository.Status.Phase == storagev1alpha1.RepositoryPhaseReady {
		return storagev1alpha1.RepositoryPhaseReady, ""
	}
	condition := metav1alpha1.FindCondition(repository.Status.Conditions, storagev1alpha1.ConditionRepositoryInitialized)
	if condition == nil {
		return storagev1alpha1.RepositoryPhaseNotReady, "It is being initialized."
	}
	return storagev1alpha1.RepositoryPhaseNotReady, condition.Message
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
