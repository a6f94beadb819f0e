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
	"kubestash.com/kubestash/internal/domain/invoker"
)

// Entry is one repository of one session.
type Entry struct {
	// At is where the session, or its target, was written.
	At string
	// AppRef is the target, as the Repository names it.
	AppRef metav1alpha1.TypedObjectReference
	Info   corev1alpha1.RepositoryInfo
	// Backend is nil when the entry names one that isn't there.
	Backend *corev1alpha1.BackendReference
	// Location is set when Backend has a storage.
	Location Location
}

// Entries lists the repositories of all sessions.
func Entries(of *invoker.Invoker) []Entry {
	var entries []Entry
	for _, session := range of.Sessions {
		for _, part := range session.Parts {
			for _, info := range part.Repositories {
				entry := Entry{
					At: session.At(part), AppRef: part.RepositoryRef(of.Namespace), Info: info, Backend: Backend(of, info.Backend),
				}
				if entry.Backend != nil && entry.Backend.StorageRef != nil {
					entry.Location = Location{
						Storage: Normalise(*entry.Backend.StorageRef, of.Namespace),
						Path:    CleanPath(info.Directory),
					}
				}
				entries = append(entries, entry)
			}
		}
	}
	return entries
}

// Backend finds the backend that a repository names. No name means the one without a name, or the only one.
func Backend(of *invoker.Invoker, name string) *corev1alpha1.BackendReference {
	backends := of.Backends
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

// Locations lists where the Repositories of an invoker lie, as index keys, each once.
func Locations(of *invoker.Invoker) []string {
	var keys []string
	for _, entry := range Entries(of) {
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
