// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/engine"
)

// Find returns the backend of a provider, and an error for one that isn't there.
type Find func(provider string) (backend.Backend, error)

// BackupStorage checks a BackupStorage alone.
func BackupStorage(obj *storagev1alpha1.BackupStorage, find Find) field.ErrorList {
	at := field.NewPath("spec", "storage")
	list := usagePolicy(field.NewPath("spec", "usagePolicy"), obj.Spec.UsagePolicy)
	list = append(list, RuntimeSettings(field.NewPath("spec", "runtimeSettings"), obj.Spec.RuntimeSettings)...)
	spec := obj.Spec.Storage
	switch {
	case spec.Provider == "":
		return append(list, field.Required(at.Child("provider"), "a storage needs a provider"))
	case !hasSection(spec):
		return append(list, field.Required(at.Child(spec.Provider), fmt.Sprintf("provider %s needs its section", spec.Provider)))
	}
	b, err := find(spec.Provider)
	if err != nil {
		var known *engine.Error
		words := err.Error()
		if errors.As(err, &known) {
			words = known.Message
		}
		return append(list, field.Invalid(at.Child("provider"), spec.Provider, words))
	}
	for _, mistake := range b.Validate(spec) {
		list = append(list, field.Invalid(at.Child(spec.Provider), field.OmitValueType{}, mistake))
	}
	return list
}

// hasSection is true for a provider that we don't know: that is another mistake.
func hasSection(spec storagev1alpha1.Backend) bool {
	switch spec.Provider {
	case storagev1alpha1.ProviderLocal:
		return spec.Local != nil
	case storagev1alpha1.ProviderS3:
		return spec.S3 != nil
	case storagev1alpha1.ProviderGCS:
		return spec.GCS != nil
	case storagev1alpha1.ProviderAzure:
		return spec.Azure != nil
	default:
		return true
	}
}

// BackupStorageAmong checks a BackupStorage against the others of the cluster; obj itself may be among them.
func BackupStorageAmong(obj *storagev1alpha1.BackupStorage, others []storagev1alpha1.BackupStorage, find Find) field.ErrorList {
	var list field.ErrorList
	place := location(obj.Spec.Storage, find)
	for i := range others {
		o := &others[i]
		if o.Namespace == obj.Namespace && o.Name == obj.Name || !o.DeletionTimestamp.IsZero() {
			continue
		}
		if obj.Spec.Default && o.Spec.Default && o.Namespace == obj.Namespace {
			list = append(list, field.Invalid(field.NewPath("spec", "default"), true,
				fmt.Sprintf("BackupStorage %s is the default of this namespace already", o.Name)))
		}
		if place != "" && location(o.Spec.Storage, find) == place {
			list = append(list, field.Invalid(field.NewPath("spec", "storage"), field.OmitValueType{},
				fmt.Sprintf("BackupStorage %s/%s keeps its backups at the same place", o.Namespace, o.Name)))
		}
	}
	return list
}

// location is empty for what can't be compared: a volume of the same name is another one on another node or in
// another namespace.
func location(spec storagev1alpha1.Backend, find Find) string {
	if !hasSection(spec) {
		return ""
	}
	b, err := find(spec.Provider)
	if err != nil || b.IsVolume() {
		return ""
	}
	return spec.Provider + "\x00" + b.Location(spec)
}

// BackupStorageUpdate checks a change.
func BackupStorageUpdate(old, obj *storagev1alpha1.BackupStorage) field.ErrorList {
	if len(old.Status.Repositories) == 0 || reflect.DeepEqual(old.Spec.Storage, obj.Spec.Storage) {
		return nil
	}
	return field.ErrorList{field.Forbidden(field.NewPath("spec", "storage"),
		fmt.Sprintf("it can't change while %d Repositories are kept there; make a new BackupStorage instead", len(old.Status.Repositories)))}
}

// Repository checks a Repository alone.
func Repository(obj *storagev1alpha1.Repository) field.ErrorList {
	var list field.ErrorList
	if obj.Spec.StorageRef.Name == "" {
		list = append(list, field.Required(field.NewPath("spec", "storageRef", "name"), "a Repository needs a BackupStorage"))
	}
	list = append(list, directory(field.NewPath("spec", "path"), obj.Spec.Path)...)
	if s := obj.Spec.EncryptionSecret; s != nil && s.Name == "" {
		list = append(list, field.Required(field.NewPath("spec", "encryptionSecret", "name"), "name the Secret that holds RESTIC_PASSWORD"))
	}
	return list
}

// directory checks where a Repository is to lie. Empty is the root of the storage.
func directory(at *field.Path, dir string) field.ErrorList {
	if slices.Contains(strings.Split(dir, "/"), "..") {
		return field.ErrorList{field.Invalid(at, dir, "it must not contain \"..\"")}
	}
	return nil
}

// RepositoryUpdate checks a change. Another way to write the same path is no change of place, but is refused by
// the schema all the same.
func RepositoryUpdate(old, obj *storagev1alpha1.Repository) field.ErrorList {
	if repository.CleanPath(old.Spec.Path) == repository.CleanPath(obj.Spec.Path) {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath("spec", "path"), obj.Spec.Path,
		"it can't change: it is where the backups of this Repository lie; make a new Repository instead")}
}
