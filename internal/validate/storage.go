// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
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
	return append(SecondDefaultStorage(obj, others), SamePlace(obj, others, find)...)
}

// SecondDefaultStorage refuses a second default in a namespace.
func SecondDefaultStorage(obj *storagev1alpha1.BackupStorage, others []storagev1alpha1.BackupStorage) field.ErrorList {
	var list field.ErrorList
	for i := range others {
		if o := &others[i]; obj.Spec.Default && o.Spec.Default && o.Namespace == obj.Namespace && isRival(obj, o) {
			list = append(list, field.Invalid(field.NewPath("spec", "default"), true,
				fmt.Sprintf("BackupStorage %s is the default of this namespace already", o.Name)))
		}
	}
	return list
}

// SamePlace refuses a storage where another one is: whoever cleans up one of them would remove the other's data.
func SamePlace(obj *storagev1alpha1.BackupStorage, others []storagev1alpha1.BackupStorage, find Find) field.ErrorList {
	place := location(obj.Spec.Storage, find)
	if place == "" {
		return nil
	}
	var list field.ErrorList
	for i := range others {
		if o := &others[i]; isRival(obj, o) && location(o.Spec.Storage, find) == place {
			list = append(list, field.Invalid(field.NewPath("spec", "storage"), field.OmitValueType{},
				fmt.Sprintf("BackupStorage %s/%s keeps its backups at the same place", o.Namespace, o.Name)))
		}
	}
	return list
}

func isRival(obj, o *storagev1alpha1.BackupStorage) bool {
	return (o.Namespace != obj.Namespace || o.Name != obj.Name) && o.DeletionTimestamp.IsZero()
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
