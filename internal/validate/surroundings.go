// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/usage"
)

// Surroundings is what an object refers to, as far as it exists. What doesn't exist is left out.
type Surroundings struct {
	// NamespaceLabels are those of the object's own namespace.
	NamespaceLabels map[string]string
	Storages        map[types.NamespacedName]*storagev1alpha1.BackupStorage
	Policies        map[types.NamespacedName]*storagev1alpha1.RetentionPolicy
	Hooks           map[types.NamespacedName]*corev1alpha1.HookTemplate
	// Repositories are those on Storages, of every namespace, and those of the object's own namespace.
	Repositories []storagev1alpha1.Repository
}

// mayUse checks a reference to an object that exists. The user's namespace is the one that NamespaceLabels are of.
func (s Surroundings) mayUse(at *field.Path, what string, key types.NamespacedName, policy *metav1alpha1.UsagePolicy, user string) field.ErrorList {
	allowed, reason := usage.Allowed(policy, key.Namespace, user, s.NamespaceLabels)
	if allowed {
		return nil
	}
	return field.ErrorList{field.Forbidden(at, fmt.Sprintf("%s %s: %s", what, key, reason))}
}

// InvokerAmong checks an invoker against what it refers to and who was there first.
func InvokerAmong(of *invoker.Invoker, around Surroundings) field.ErrorList {
	var list field.ErrorList
	for i, b := range of.Backends {
		at := field.NewPath("spec", "backends").Index(i)
		if b.StorageRef != nil {
			key := named(*b.StorageRef, of.Namespace)
			if s := around.Storages[key]; s != nil {
				list = append(list, around.mayUse(at.Child("storageRef"), "BackupStorage", key, s.Spec.UsagePolicy, of.Namespace)...)
			}
		}
		if b.RetentionPolicy != nil {
			key := named(*b.RetentionPolicy, of.Namespace)
			if p := around.Policies[key]; p != nil {
				list = append(list, around.mayUse(at.Child("retentionPolicy"), "RetentionPolicy", key, p.Spec.UsagePolicy, of.Namespace)...)
			}
		}
	}
	for i, s := range of.Sessions {
		if s.Hooks == nil {
			continue
		}
		list = append(list, backupHooks(field.NewPath("spec", "sessions").Index(i).Child("hooks"), of.Namespace, s.Hooks, around)...)
	}
	each(of, func(at *field.Path, p invoker.Part, r corev1alpha1.RepositoryInfo) {
		list = append(list, taken(at, of, p, r, around.Repositories)...)
	})
	return list
}

// Missing are the named objects that don't exist. That is no mistake, as they may come.
func Missing(of *invoker.Invoker, around Surroundings) []string {
	var out []string
	for i, b := range of.Backends {
		at := field.NewPath("spec", "backends").Index(i)
		if b.StorageRef != nil && b.StorageRef.Name != "" && around.Storages[named(*b.StorageRef, of.Namespace)] == nil {
			out = append(out, missing(at.Child("storageRef"), "BackupStorage", named(*b.StorageRef, of.Namespace)))
		}
		if b.RetentionPolicy != nil && b.RetentionPolicy.Name != "" && around.Policies[named(*b.RetentionPolicy, of.Namespace)] == nil {
			out = append(out, missing(at.Child("retentionPolicy"), "RetentionPolicy", named(*b.RetentionPolicy, of.Namespace)))
		}
	}
	for i, s := range of.Sessions {
		if at := field.NewPath("spec", "sessions").Index(i).Child("hooks"); s.Hooks != nil {
			out = append(out, around.missingHooks(at.Child("preBackup"), of.Namespace, s.Hooks.PreBackup)...)
			out = append(out, around.missingHooks(at.Child("postBackup"), of.Namespace, s.Hooks.PostBackup)...)
		}
	}
	return out
}

func missing(at *field.Path, what string, key types.NamespacedName) string {
	return fmt.Sprintf("%s: %s %s does not exist yet", at, what, key)
}

// taken finds a Repository that has the wanted name or the wanted directory and is somebody else's.
func taken(
	at *field.Path, of *invoker.Invoker, p invoker.Part, r corev1alpha1.RepositoryInfo, existing []storagev1alpha1.Repository,
) field.ErrorList {
	b, found := Backend(of, r.Backend)
	if !found || b.StorageRef == nil || r.Directory == "" {
		return nil
	}
	want := place{named(*b.StorageRef, of.Namespace), repository.CleanPath(r.Directory)}
	app := normalise(p.RepositoryRef(of.Namespace), of.Namespace)
	var list field.ErrorList
	for i := range existing {
		e := &existing[i]
		at1 := place{named(e.Spec.StorageRef, e.Namespace), repository.CleanPath(e.Spec.Path)}
		same := e.Namespace == of.Namespace && e.Name == r.Name
		switch {
		case same && normalise(e.Spec.AppRef, e.Namespace) != app:
			list = append(list, field.Invalid(at.Child("name"), r.Name, fmt.Sprintf(
				"Repository %s holds the backups of %s %s", r.Name, e.Spec.AppRef.Kind, e.Spec.AppRef.Name)))
		case same && at1.storage != want.storage:
			list = append(list, field.Invalid(at.Child("name"), r.Name, fmt.Sprintf(
				"Repository %s is kept in BackupStorage %s", r.Name, at1.storage)))
		case same && at1.directory != want.directory:
			list = append(list, field.Invalid(at.Child("directory"), r.Directory, fmt.Sprintf(
				"Repository %s is kept in directory %q", r.Name, e.Spec.Path)))
		case !same && at1 == want:
			list = append(list, field.Invalid(at.Child("directory"), r.Directory, fmt.Sprintf(
				"Repository %s/%s keeps its backups in the same directory", e.Namespace, e.Name)))
		}
	}
	return list
}

// normalise makes references that mean the same equal: a namespace may be left out, and so may the group of a
// workload.
func normalise(ref metav1alpha1.TypedObjectReference, namespace string) metav1alpha1.TypedObjectReference {
	if ref.APIGroup == metav1alpha1.TargetNotApplicable {
		return metav1alpha1.TypedObjectReference{APIGroup: ref.APIGroup, Name: ref.Name}
	}
	if ref.Namespace == "" {
		ref.Namespace = namespace
	}
	switch ref.Kind {
	case metav1alpha1.KindDeployment, metav1alpha1.KindStatefulSet, metav1alpha1.KindDaemonSet, metav1alpha1.KindReplicaSet:
		if ref.APIGroup == "" {
			ref.APIGroup = "apps"
		}
	}
	return ref
}

// SameTarget reports whether two references in one namespace mean the same target. No target is the same as none.
func SameTarget(a, b *metav1alpha1.TypedObjectReference, namespace string) bool {
	return a != nil && b != nil && normalise(*a, namespace) == normalise(*b, namespace)
}

func named(ref metav1alpha1.ObjectReference, namespace string) types.NamespacedName {
	if ref.Namespace != "" {
		namespace = ref.Namespace
	}
	return types.NamespacedName{Namespace: namespace, Name: ref.Name}
}
