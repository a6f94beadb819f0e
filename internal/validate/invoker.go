// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/schedule"
)

// Invoker checks a BackupConfiguration or a BackupBatch alone, with its defaults.
func Invoker(of *invoker.Invoker) field.ErrorList {
	list := append(backends(of), targets(of)...)
	at := field.NewPath("spec", "sessions")
	if len(of.Sessions) == 0 {
		list = append(list, field.Required(at, "at least one session is needed"))
	}
	seen := map[string]bool{}
	for i := range of.Sessions {
		s := &of.Sessions[i]
		here := at.Index(i)
		switch {
		case s.Name == "":
			list = append(list, field.Required(here.Child("name"), "a session needs a name"))
		case seen[s.Name]:
			list = append(list, field.Duplicate(here.Child("name"), s.Name))
		}
		seen[s.Name] = true
		list = append(list, scheduler(here.Child("scheduler"), s.Scheduler)...)
		list = append(list, parts(here, of, s)...)
	}
	return append(list, directories(of)...)
}

// parts checks what a session does for each target.
func parts(at *field.Path, of *invoker.Invoker, s *invoker.Session) field.ErrorList {
	if len(s.Parts) == 0 {
		return field.ErrorList{field.Required(at.Child("targets"), "say which of spec.targets the session backs up")}
	}
	var list field.ErrorList
	seen, holds := map[string]bool{}, map[string]string{}
	for i, p := range s.Parts {
		here := partPath(at, p, i)
		if seen[p.Target] {
			list = append(list, field.Duplicate(here.Child("name"), p.Target))
		}
		seen[p.Target] = true
		if !slices.ContainsFunc(of.Targets, func(t invoker.Target) bool { return t.Name == p.Target }) {
			list = append(list, field.NotFound(here.Child("name"), p.Target))
		}
		list = append(list, addon(here.Child("addon"), p.Addon)...)
		list = append(list, repositories(here.Child("repositories"), of, p.Repositories)...)
		list = append(list, verifiers(here.Child("repositories"), p.Repositories)...)
		for j, r := range p.Repositories {
			if other, taken := holds[r.Name]; taken && other != p.Target {
				list = append(list, field.Invalid(here.Child("repositories").Index(j).Child("name"), r.Name,
					fmt.Sprintf("a repository holds the backups of one target, and this one holds those of %s", other)))
			}
			holds[r.Name] = p.Target
		}
	}
	return list
}

// partPath is where a part of a session is written.
func partPath(session *field.Path, p invoker.Part, i int) *field.Path {
	if p.Target == "" {
		return session
	}
	return session.Child("targets").Index(i)
}

// elsewhere refuses a target that is in another namespace.
func elsewhere(at *field.Path, of *invoker.Invoker, t invoker.Target) field.ErrorList {
	ref := t.Normal(of.Namespace)
	if ref == nil || ref.Kind == "" || ref.Namespace == of.Namespace {
		return nil
	}
	return field.ErrorList{field.Invalid(at.Child("namespace"), ref.Namespace, fmt.Sprintf(
		"%s %s is in namespace %s, and its volumes can't be mounted from %s; make the %s there", ref.Kind, ref.Name, ref.Namespace, of.Namespace, of.Kind))}
}

// targets checks the target of a BackupConfiguration, which may be left out, or the list of a BackupBatch.
func targets(of *invoker.Invoker) field.ErrorList {
	if of.Kind != corev1alpha1.KindBackupBatch {
		var list field.ErrorList
		for _, t := range of.Targets {
			list = append(list, elsewhere(field.NewPath("spec", "target"), of, t)...)
		}
		return list
	}
	at := field.NewPath("spec", "targets")
	if len(of.Targets) == 0 {
		return field.ErrorList{field.Required(at, "say what is backed up")}
	}
	var list field.ErrorList
	seen := map[string]bool{}
	for i, t := range of.Targets {
		here := at.Index(i)
		if problems := validation.IsDNS1123Label(t.Name); len(problems) > 0 {
			list = append(list, field.Invalid(here.Child("name"), t.Name, strings.Join(problems, "; ")))
		}
		if seen[t.Name] {
			list = append(list, field.Duplicate(here.Child("name"), t.Name))
		}
		seen[t.Name] = true
		if t.Ref == nil || t.Ref.Kind == "" || t.Ref.Name == "" {
			list = append(list, field.Required(here.Child("appRef"), "a target needs a kind and a name"))
		}
		list = append(list, elsewhere(here.Child("appRef"), of, t)...)
	}
	return list
}

func backends(of *invoker.Invoker) field.ErrorList {
	var list field.ErrorList
	at := field.NewPath("spec", "backends")
	if len(of.Backends) == 0 {
		list = append(list, field.Required(at, "name a backend, or make a BackupStorage the default"))
	}
	seen := map[string]bool{}
	for i, b := range of.Backends {
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

func repositories(at *field.Path, of *invoker.Invoker, all []corev1alpha1.RepositoryInfo) field.ErrorList {
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
		if _, found := Backend(of, r.Backend); !found {
			list = append(list, field.NotFound(here.Child("backend"), r.Backend))
		}
		if r.Directory == "" {
			list = append(list, field.Required(here.Child("directory"), "a repository needs a directory of its own"))
		}
		list = append(list, directory(here.Child("directory"), r.Directory)...)
		list = append(list, maintenance(here.Child("maintenance"), r.Maintenance)...)
		if s := r.EncryptionSecret; s != nil && s.Name == "" {
			list = append(list, field.Required(here.Child("encryptionSecret", "name"), "name the Secret that holds RESTIC_PASSWORD"))
		}
	}
	return list
}

// Backend returns the backend that a repository means. The empty name is the backend without a name, or the only
// one that there is.
func Backend(of *invoker.Invoker, name string) (corev1alpha1.BackendReference, bool) {
	for _, b := range of.Backends {
		if b.Name == name {
			return b, true
		}
	}
	if name == "" && len(of.Backends) == 1 {
		return of.Backends[0], true
	}
	return corev1alpha1.BackendReference{}, false
}

// place is one directory of one storage.
type place struct {
	storage   types.NamespacedName
	directory string
}

// directories finds two repositories at one place, and one repository at two. Sessions may share a repository.
func directories(of *invoker.Invoker) field.ErrorList {
	var list field.ErrorList
	placeOf, nameAt := map[string]place{}, map[place]string{}
	each(of, func(at *field.Path, _ invoker.Part, r corev1alpha1.RepositoryInfo) {
		b, found := Backend(of, r.Backend)
		if !found || b.StorageRef == nil || r.Directory == "" || r.Name == "" {
			return
		}
		here := place{named(*b.StorageRef, of.Namespace), repository.CleanPath(r.Directory)}
		if known, again := placeOf[r.Name]; again && known != here {
			list = append(list, field.Invalid(at, r.Name, fmt.Sprintf("repository %s has another directory or storage in another session", r.Name)))
			return
		}
		if other, taken := nameAt[here]; taken && other != r.Name {
			list = append(list, field.Invalid(at.Child("directory"), r.Directory,
				fmt.Sprintf("repository %s keeps its backups in the same directory", other)))
			return
		}
		placeOf[r.Name], nameAt[here] = here, r.Name
	})
	return list
}

// each calls f for every repository.
func each(of *invoker.Invoker, f func(at *field.Path, p invoker.Part, r corev1alpha1.RepositoryInfo)) {
	for i, s := range of.Sessions {
		for j, p := range s.Parts {
			at := partPath(field.NewPath("spec", "sessions").Index(i), p, j).Child("repositories")
			for k, r := range p.Repositories {
				f(at.Index(k), p, r)
			}
		}
	}
}
