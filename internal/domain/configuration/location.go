// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package configuration

import (
	"path"
	"slices"
	"strings"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// Entry is one repository of one session.
type Entry struct {
	Session string
	Info    corev1alpha1.RepositoryInfo
	// Backend is nil when the entry names one that isn't there.
	Backend *corev1alpha1.BackendReference
	// Location is set when Backend has a storage.
	Location Location
}

// Entries lists the repositories of all sessions.
func Entries(bc *corev1alpha1.BackupConfiguration) []Entry {
	var entries []Entry
	for _, session := range bc.Spec.Sessions {
		for _, info := range session.Repositories {
			entry := Entry{Session: session.Name, Info: info, Backend: Backend(bc, info.Backend)}
			if entry.Backend != nil && entry.Backend.StorageRef != nil {
				entry.Location = Location{
					Storage: Normalise(*entry.Backend.StorageRef, bc.Namespace),
					Path:    CleanPath(info.Directory),
				}
			}
			entries = append(entries, entry)
		}
	}
	return entries
}

// Backend finds the backend that a repository names. No name means the one without a name, or the only one.
func Backend(bc *corev1alpha1.BackupConfiguration, name string) *corev1alpha1.BackendReference {
	backends := bc.Spec.Backends
	i := slices.IndexFunc(backends, func(b corev1alpha1.BackendReference) bool { return b.Name == name })
	switch {
	case i >= 0:
		return &backends[i]
	case name == "" && len(backends) == 1:
		return &backends[0]
	default:
		return nil
	}
}

// Locations lists where the Repositories of a BackupConfiguration lie, as index keys, each once.
func Locations(bc *corev1alpha1.BackupConfiguration) []string {
	var keys []string
	for _, entry := range Entries(bc) {
		if key := entry.Location.String(); entry.Location.Storage.Name != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// LocationOf says where a Repository lies.
func LocationOf(repository *storagev1alpha1.Repository) Location {
	return Location{
		Storage: Normalise(repository.Spec.StorageRef, repository.Namespace),
		Path:    CleanPath(repository.Spec.Path),
	}
}

// CleanPath makes directories comparable that mean the same folder of a backend.
func CleanPath(directory string) string {
	return strings.TrimPrefix(path.Clean("/"+directory), "/")
}

// Normalise gives a reference the namespace that it means.
func Normalise(ref metav1alpha1.ObjectReference, namespace string) metav1alpha1.ObjectReference {
	if ref.Namespace == "" {
		ref.Namespace = namespace
	}
	return ref
}

// groups are the API groups of the kinds that manifests name without one.
var groups = map[string]string{
	metav1alpha1.KindDeployment:  "apps",
	metav1alpha1.KindStatefulSet: "apps",
	metav1alpha1.KindDaemonSet:   "apps",
	metav1alpha1.KindReplicaSet:  "apps",
	metav1alpha1.KindJob:         "batch",
}

// TargetOf is what a BackupConfiguration backs up, with the group and namespace that are meant. It is nil for one
// without a target.
func TargetOf(bc *corev1alpha1.BackupConfiguration) *metav1alpha1.TypedObjectReference {
	if bc.Spec.Target == nil {
		return nil
	}
	ref := NormaliseTyped(*bc.Spec.Target, bc.Namespace)
	return &ref
}

// NormaliseTyped gives a reference the group and namespace that it means.
func NormaliseTyped(ref metav1alpha1.TypedObjectReference, namespace string) metav1alpha1.TypedObjectReference {
	if ref.APIGroup == "" {
		ref.APIGroup = groups[ref.Kind]
	}
	if ref.Namespace == "" && ref.Kind != "" {
		ref.Namespace = namespace
	}
	return ref
}

// AppRef is what Repositories and Snapshots say of the target: a BackupConfiguration without one has a published
// placeholder.
func AppRef(bc *corev1alpha1.BackupConfiguration) metav1alpha1.TypedObjectReference {
	if target := TargetOf(bc); target != nil {
		return *target
	}
	return metav1alpha1.TypedObjectReference{
		APIGroup: metav1alpha1.TargetNotApplicable, Name: metav1alpha1.TargetNotApplicable,
	}
}
