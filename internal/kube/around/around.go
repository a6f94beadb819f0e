// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package around

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/usage"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/validate"
)

// ByLocation is the index of Repositories by where their data lies.
var ByLocation = kube.Index{Field: "location", Keys: func(o client.Object) []string {
	location := configuration.LocationOf(o.(*storagev1alpha1.Repository))
	return []string{location.String()}
}}

// Reader reads what is around an object.
type Reader struct {
	// Client reads objects by name, and lists the kinds of which there are few.
	Client client.Reader
	// Index lists Repositories by ByLocation.
	Index client.Reader
	// Live reads namespaces, which no cache holds.
	Live client.Reader
}

// Cached is how reconcilers read: from the operator's cache, and namespaces past it.
func Cached(cache, live client.Reader) Reader { return Reader{Client: cache, Index: cache, Live: live} }

// Fresh is how webhooks read before they refuse, to see what was written a moment ago: past the cache, but for Repositories by their
// location, which only it knows.
func Fresh(cache, live client.Reader) Reader { return Reader{Client: live, Index: cache, Live: live} }

// Default fills in what an invoker leaves to the defaults.
func (r Reader) Default(ctx context.Context, of *invoker.Invoker) error {
	if !configuration.NeedsDefaults(of) {
		return nil
	}
	storages, err := r.Storages(ctx)
	if err != nil {
		return err
	}
	policies, err := r.Policies(ctx)
	if err != nil {
		return err
	}
	labels, err := kube.NamespaceLabels(ctx, r.Live, of.Namespace)
	if err != nil {
		return err
	}
	configuration.Default(of, configuration.Surroundings{NamespaceLabels: labels, Storages: storages, Policies: policies})
	return nil
}

// Storages lists the BackupStorages of every namespace.
func (r Reader) Storages(ctx context.Context) ([]storagev1alpha1.BackupStorage, error) {
	var list storagev1alpha1.BackupStorageList
	if err := r.Client.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("listing BackupStorages: %w", err)
	}
	return list.Items, nil
}

// Policies lists the RetentionPolicies of every namespace, or of those that the options say.
func (r Reader) Policies(ctx context.Context, opts ...client.ListOption) ([]storagev1alpha1.RetentionPolicy, error) {
	var list storagev1alpha1.RetentionPolicyList
	if err := r.Client.List(ctx, &list, opts...); err != nil {
		return nil, fmt.Errorf("listing RetentionPolicies: %w", err)
	}
	return list.Items, nil
}

// Invoker reads what is around an object that starts backups.
func (r Reader) Invoker(ctx context.Context, of *invoker.Invoker) (validate.Surroundings, error) {
	around := empty()
	for _, backend := range of.Backends {
		if err := add(ctx, r, backend.StorageRef, of.Namespace, around.Storages); err != nil {
			return around, err
		}
		if err := add(ctx, r, backend.RetentionPolicy, of.Namespace, around.Policies); err != nil {
			return around, err
		}
	}
	for _, session := range of.Sessions {
		if session.Hooks == nil {
			continue
		}
		if err := r.hooks(ctx, of.Namespace, &around, session.Hooks.PreBackup, session.Hooks.PostBackup); err != nil {
			return around, err
		}
	}
	if err := r.repositories(ctx, of, &around); err != nil {
		return around, err
	}
	return around, r.labels(ctx, of.Namespace, &around)
}

// BackupBlueprint reads the storages that a blueprint names.
func (r Reader) BackupBlueprint(ctx context.Context, obj *corev1alpha1.BackupBlueprint) (validate.Surroundings, error) {
	around := empty()
	if obj.Spec.BackupConfigurationTemplate == nil {
		return around, nil
	}
	for _, backend := range obj.Spec.BackupConfigurationTemplate.Backends {
		if backend.StorageRef == nil || validate.IsVariable(backend.StorageRef) {
			continue
		}
		if err := add(ctx, r, backend.StorageRef, obj.Namespace, around.Storages); err != nil {
			return around, err
		}
	}
	return around, r.labels(ctx, obj.Namespace, &around)
}

// RestoreSession reads the HookTemplates that a restore names.
func (r Reader) RestoreSession(ctx context.Context, obj *corev1alpha1.RestoreSession) (validate.Surroundings, error) {
	around := empty()
	if obj.Spec.Hooks == nil {
		return around, nil
	}
	if err := r.hooks(ctx, obj.Namespace, &around, obj.Spec.Hooks.PreRestore, obj.Spec.Hooks.PostRestore); err != nil {
		return around, err
	}
	return around, r.labels(ctx, obj.Namespace, &around)
}

func empty() validate.Surroundings {
	return validate.Surroundings{
		Storages: map[types.NamespacedName]*storagev1alpha1.BackupStorage{},
		Policies: map[types.NamespacedName]*storagev1alpha1.RetentionPolicy{},
		Hooks:    map[types.NamespacedName]*corev1alpha1.HookTemplate{},
	}
}

// add reads the object that is named, if it is there, into those of its kind.
func add[T any, P kube.Object[T]](
	ctx context.Context, r Reader, named *metav1alpha1.ObjectReference, namespace string, into map[types.NamespacedName]P,
) error {
	if named == nil || named.Name == "" {
		return nil
	}
	ref := configuration.Normalise(*named, namespace)
	obj, found, err := kube.Get[T, P](ctx, r.Client, ref.Namespace, ref.Name)
	if found {
		into[client.ObjectKeyFromObject(obj)] = obj
	}
	return err
}

func (r Reader) hooks(ctx context.Context, namespace string, around *validate.Surroundings, lists ...[]corev1alpha1.HookInfo) error {
	for _, info := range slices.Concat(lists...) {
		if err := add(ctx, r, info.HookTemplate, namespace, around.Hooks); err != nil {
			return err
		}
	}
	return nil
}

// labels reads those of the object's namespace, when a policy asks for them.
func (r Reader) labels(ctx context.Context, namespace string, around *validate.Surroundings) error {
	needs := false
	for _, s := range around.Storages {
		needs = needs || usage.NeedsLabels(s.Spec.UsagePolicy)
	}
	for _, p := range around.Policies {
		needs = needs || usage.NeedsLabels(p.Spec.UsagePolicy)
	}
	for _, t := range around.Hooks {
		needs = needs || usage.NeedsLabels(t.Spec.UsagePolicy)
	}
	if !needs {
		return nil
	}
	var err error
	around.NamespaceLabels, err = kube.NamespaceLabels(ctx, r.Live, namespace)
	return err
}

// Repositories reads those that an invoker names, by their names.
func (r Reader) Repositories(ctx context.Context, of *invoker.Invoker) (map[string]storagev1alpha1.Repository, error) {
	own := map[string]storagev1alpha1.Repository{}
	for _, entry := range configuration.Entries(of) {
		if _, known := own[entry.Info.Name]; known || entry.Info.Name == "" {
			continue
		}
		repository, found, err := kube.Get[storagev1alpha1.Repository](ctx, r.Client, of.Namespace, entry.Info.Name)
		if err != nil {
			return nil, err
		}
		if found {
			own[repository.Name] = *repository
		}
	}
	return own, nil
}

// repositories reads the invoker's own by name and those of others by location, never all that there are.
func (r Reader) repositories(ctx context.Context, of *invoker.Invoker, around *validate.Surroundings) error {
	own, err := r.Repositories(ctx, of)
	if err != nil {
		return err
	}
	known := map[types.NamespacedName]bool{}
	for name, repository := range own {
		known[types.NamespacedName{Namespace: of.Namespace, Name: name}] = true
		around.Repositories = append(around.Repositories, repository)
	}
	for _, location := range configuration.Locations(of) {
		var list storagev1alpha1.RepositoryList
		if err := ByLocation.List(ctx, r.Index, &list, location); err != nil {
			return fmt.Errorf("listing Repositories at %s: %w", location, err)
		}
		for _, repository := range list.Items {
			if key := client.ObjectKeyFromObject(&repository); !known[key] {
				known[key] = true
				around.Repositories = append(around.Repositories, repository)
			}
		}
	}
	return nil
}
