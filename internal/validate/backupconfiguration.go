// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/schedule"
)

// BackupConfiguration checks a BackupConfiguration alone, after defaults were put in.
func BackupConfiguration(obj *corev1alpha1.BackupConfiguration) field.ErrorList {
	list := backends(obj)
	at := field.NewPath("spec", "sessions")
	if len(obj.Spec.Sessions) == 0 {
		list = append(list, field.Required(at, "at least one session is needed"))
	}
	seen := map[string]bool{}
	for i := range obj.Spec.Sessions {
		s := &obj.Spec.Sessions[i]
		here := at.Index(i)
		switch {
		case s.Name == "":
			list = append(list, field.Required(here.Child("name"), "a session needs a name"))
		case seen[s.Name]:
			list = append(list, field.Duplicate(here.Child("name"), s.Name))
		}
		seen[s.Name] = true
		list = append(list, scheduler(here.Child("scheduler"), s.Scheduler)...)
		list = append(list, addon(here.Child("addon"), s.Addon)...)
		list = append(list, repositories(here.Child("repositories"), obj, s.Repositories)...)
		list = append(list, verifiers(here.Child("repositories"), s.Repositories)...)
	}
	return append(list, directories(obj)...)
}

func backends(obj *corev1alpha1.BackupConfiguration) field.ErrorList {
	var list field.ErrorList
	at := field.NewPath("spec", "backends")
	if len(obj.Spec.Backends) == 0 {
		list = append(list, field.Required(at, "name a backend, or make a BackupStorage the default"))
	}
	seen := map[string]bool{}
	for i, b := range obj.Spec.Backends {
		here := at.Index(i)
		if seen[b.Name] {
			list = append(list, field.Duplicate(here.Child("name"), b.Name))
		}
		seen[b.Name] = true
		if b.StorageRef == nil || b.StorageRef.Name == "" {
			list = append(list, field.Required(here.Child("storageRef"), "name a BackupStorage, or make one the default"))
		}
		if b.RetentionPolicy == nil || b.RetentionPolicy.Name == "" {
			list = append(list, field.Required(here.Child("retentionPolicy"), "name a RetentionPolicy, or make one the default"))
		}
	}
	return list
}

func scheduler(at *field.Path, s *corev1alpha1.SchedulerSpec) field.ErrorList {
	if s == nil {
		return field.ErrorList{field.Required(at, "say when the session runs")}
	}
	var list field.ErrorList
	if err := schedule.Validate(s.Schedule); err != nil {
		list = append(list, field.Invalid(at.Child("schedule"), s.Schedule, err.Error()))
	}
	if s.TimeZone != nil {
		if err := schedule.ValidateTimeZone(*s.TimeZone); err != nil {
			list = append(list, field.Invalid(at.Child("timeZone"), *s.TimeZone, err.Error()))
		}
	}
	return append(list, JobTemplate(at.Child("jobTemplate"), &s.JobTemplate)...)
}

func addon(at *field.Path, a *corev1alpha1.AddonInfo) field.ErrorList {
	if a == nil || a.Name == "" {
		return field.ErrorList{field.Required(at.Child("name"), "name the Addon that knows how to back up the target")}
	}
	if len(a.Tasks) == 0 {
		return field.ErrorList{field.Required(at.Child("tasks"), "name at least one task of the Addon")}
	}
	var list field.ErrorList
	for i, t := range a.Tasks {
		if t.Name == "" {
			list = append(list, field.Required(at.Child("tasks").Index(i).Child("name"), "a task needs a name"))
		}
		if t.TargetVolumes != nil && len(t.TargetVolumes.VolumeClaimTemplates) > 0 {
			list = append(list, field.Forbidden(at.Child("tasks").Index(i).Child("targetVolumes", "volumeClaimTemplates"),
				"claims are made for a restore; a backup reads those that there are"))
		}
	}
	return append(list, PodTemplate(at.Child("jobTemplate"), a.JobTemplate)...)
}

func repositories(at *field.Path, obj *corev1alpha1.BackupConfiguration, all []corev1alpha1.RepositoryInfo) field.ErrorList {
	if len(all) == 0 {
		return field.ErrorList{field.Required(at, "at least one repository is needed")}
	}
	var list field.ErrorList
	seen := map[string]bool{}
	for i, r := range all {
		here := at.Index(i)
		switch {
		case r.Name == "":
			list = append(list, field.Required(here.Child("name"), "a repository needs a name"))
		case seen[r.Name]:
			list = append(list, field.Duplicate(here.Child("name"), r.Name))
		}
		seen[r.Name] = true
		if _, found := Backend(obj, r.Backend); !found {
			list = append(list, field.NotFound(here.Child("backend"), r.Backend))
		}
		if r.Directory == "" {
			list = append(list, field.Required(here.Child("directory"), "a repository needs a directory of its own"))
		}
		list = append(list, directory(here.Child("directory"), r.Directory)...)
		if s := r.EncryptionSecret; s != nil && s.Name == "" {
			list = append(list, field.Required(here.Child("encryptionSecret", "name"), "name the Secret that holds RESTIC_PASSWORD"))
		}
		list = append(list, maintenance(here.Child("maintenance"), r.Maintenance)...)
	}
	return list
}

// Backend returns the backend that a repository means. The empty name is the backend without a name, or the only
// one that there is.
func Backend(obj *corev1alpha1.BackupConfiguration, name string) (corev1alpha1.BackendReference, bool) {
	for _, b := range obj.Spec.Backends {
		if b.Name == name {
			return b, true
		}
	}
	if name == "" && len(obj.Spec.Backends) == 1 {
		return obj.Spec.Backends[0], true
	}
	return corev1alpha1.BackendReference{}, false
}

// place is one directory of one storage.
type place struct {
	storage   types.NamespacedName
	directory string
}

// directories finds two repositories at one place, and one repository at two. Sessions may share a repository.
func directories(obj *corev1alpha1.BackupConfiguration) field.ErrorList {
	var list field.ErrorList
	placeOf, nameAt := map[string]place{}, map[place]string{}
	for i, s := range obj.Spec.Sessions {
		for j, r := range s.Repositories {
			at := field.NewPath("spec", "sessions").Index(i).Child("repositories").Index(j)
			b, found := Backend(obj, r.Backend)
			if !found || b.StorageRef == nil || r.Directory == "" || r.Name == "" {
				continue
			}
			here := place{named(*b.StorageRef, obj.Namespace), repository.CleanPath(r.Directory)}
			if known, again := placeOf[r.Name]; again && known != here {
				list = append(list, field.Invalid(at, r.Name, fmt.Sprintf("repository %s has another directory or storage in another session", r.Name)))
				continue
			}
			if other, taken := nameAt[here]; taken && other != r.Name {
				list = append(list, field.Invalid(at.Child("directory"), r.Directory,
					fmt.Sprintf("repository %s keeps its backups in the same directory", other)))
				continue
			}
			placeOf[r.Name], nameAt[here] = here, r.Name
		}
	}
	return list
}
