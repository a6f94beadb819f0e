// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"path"
	"strings"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// Keys are slash-separated and relative to the storage's prefix or mount. The path of a Repository is what its
// spec.path says; however it is written, "demo", "/demo/" and "./demo" are one place.

// CleanPath returns the one way to write a Repository's path: no slash at either end, no dots. The root is "".
// It can't leave the storage's prefix.
func CleanPath(p string) string {
	return strings.TrimPrefix(path.Clean("/"+p), "/")
}

// MetadataKey is the place of the storage's own document.
func MetadataKey() string { return metav1alpha1.FileMetadata }

// RepositoryKey is the place of a Repository's document.
func RepositoryKey(repositoryPath string) string {
	return path.Join(CleanPath(repositoryPath), metav1alpha1.FileRepository)
}

// SnapshotKey is the place of a Snapshot's document.
func SnapshotKey(repositoryPath, snapshot string) string {
	return path.Join(CleanPath(repositoryPath), metav1alpha1.DirSnapshots, snapshot+".yaml")
}

// ComponentPath is the place of a component's restic repository relative to the Repository's path: a component's
// path in the status of a Snapshot.
func ComponentPath(session, component string) string {
	return path.Join(metav1alpha1.DirRepository, metav1alpha1.LayoutVersion, session, component)
}

// ComponentDir is the place of a component's restic repository.
func ComponentDir(repositoryPath, session, component string) string {
	return path.Join(CleanPath(repositoryPath), ComponentPath(session, component))
}

// InnerDir is the place of what a path relative to a Repository names.
func InnerDir(repositoryPath, inner string) string {
	return path.Join(CleanPath(repositoryPath), CleanPath(inner))
}

// OwnedPrefixes are the folders that hold a Repository's data, each ending in a slash. Together with RepositoryKey
// they are all that is the Repository's: its path may be the root of the storage, or hold what others put there.
func OwnedPrefixes(repositoryPath string) []string {
	dir := CleanPath(repositoryPath)
	return []string{
		path.Join(dir, metav1alpha1.DirRepository) + "/",
		path.Join(dir, metav1alpha1.DirSnapshots) + "/",
	}
}
