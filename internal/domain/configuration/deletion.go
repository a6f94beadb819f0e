// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package configuration

import (
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
)

// AnnotationKeepRepositories, with any value, on a BackupConfiguration says that its deletion leaves Repositories
// as they are, whatever their policies say. The blueprint's controller writes it before it deletes one: taking an
// annotation off a workload must not cost its backups.
const AnnotationKeepRepositories = "kubestash.com/keep-repositories"

// DeletionFacts is what is known when an invoker is deleted.
type DeletionFacts struct {
	Invoker *invoker.Invoker
	// Repositories are those that exist under the names of the spec, by name.
	Repositories map[string]storagev1alpha1.Repository
	// SharedBy are other invokers that use a Repository, by its name.
	SharedBy map[string][]string
}

// DropRepository is a Repository that goes with its invoker.
type DropRepository struct {
	Name string
	// WipeOut says that its data in the backend goes too. Otherwise its own policy decides, which is read when it
	// is deleted: users change it there.
	WipeOut bool
}

// Delete says which Repositories go with an invoker. One that another invoker uses, or that holds the backups of something else, stays.
func Delete(f DeletionFacts) []DropRepository {
	if _, keep := f.Invoker.Annotations[AnnotationKeepRepositories]; keep {
		return nil
	}
	var drop []DropRepository
	seen := map[string]bool{}
	for _, entry := range Entries(f.Invoker) {
		name := entry.Info.Name
		repository, exists := f.Repositories[name]
		ours := exists && invoker.Normalise(repository.Spec.AppRef, repository.Namespace) == entry.AppRef &&
			CleanPath(repository.Spec.Path) == CleanPath(entry.Info.Directory)
		if seen[name] || !ours || len(f.SharedBy[name]) > 0 || retained(f.Invoker, name) {
			continue
		}
		seen[name] = true
		drop = append(drop, DropRepository{
			Name: name, WipeOut: wipes(f.Invoker, name),
		})
	}
	return drop
}

// wipes says that every session that uses a Repository wants its data to go.
func wipes(of *invoker.Invoker, name string) bool {
	for _, entry := range Entries(of) {
		if entry.Info.Name == name && entry.Info.DeletionPolicy != corev1alpha1.RepositoryDeletionPolicyWipeOut {
			return false
		}
	}
	return true
}

// retained says that some session wants a Repository to stay. Sessions that share one may differ; the one that
// keeps data wins.
func retained(of *invoker.Invoker, name string) bool {
	for _, entry := range Entries(of) {
		if entry.Info.Name == name && entry.Info.DeletionPolicy == corev1alpha1.RepositoryDeletionPolicyRetain {
			return true
		}
	}
	return false
}
