// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restoresession

import (
	"cmp"
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/restore"
	"kubestash.com/kubestash/internal/domain/usage"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/source"
)

// sourceNamespace is where the Repository and the Snapshot are.
func sourceNamespace(s *corev1alpha1.RestoreSession) string {
	return cmp.Or(s.Spec.DataSource.Namespace, s.Namespace)
}

// gatherSource finds the Repository, makes sure that the session may read it, and only then the Snapshot: what is in
// another namespace stays unknown to who may not read it.
func (r *Reconciler) gatherSource(ctx context.Context, g *gathered) error {
	s := &g.facts.Session
	access := restore.Access{Namespace: s.Namespace, Source: sourceNamespace(s), Named: withNamespace(s.Spec.DataSource.EncryptionSecret, s.Namespace)}
	if refused := access.Refused(); access.Source != s.Namespace && refused != "" {
		g.facts.Invalid = append(g.facts.Invalid, refused)
		return nil
	}
	repo, storage, err := r.readSource(ctx, g)
	if err != nil || repo == nil {
		return err
	}
	access.Own = withNamespace(repo.Spec.EncryptionSecret, repo.Namespace)
	if access.Sharer, err = r.sharer(ctx, repo); err != nil {
		return err
	}
	if refused := access.Refused(); refused != "" {
		g.missing(false, "%s", refused)
		return nil
	}
	if local := storage.Spec.Storage.Local; local != nil && local.PersistentVolumeClaim != nil && storage.Namespace != s.Namespace {
		g.missing(false, "BackupStorage %s/%s is a PersistentVolumeClaim, which pods in namespace %s can't mount; create the RestoreSession in namespace %s.",
			storage.Namespace, storage.Name, s.Namespace, storage.Namespace)
		return nil
	}
	if err := r.gatherSnapshot(ctx, g, repo); err != nil || g.snapshot == nil {
		return err
	}
	keys, problem, err := source.Open(ctx, r.Live, r.Backends, repo, storage, s.Spec.DataSource.EncryptionSecret, s.Namespace)
	if err != nil {
		return err
	}
	if problem != "" {
		g.missing(false, "%s", problem)
	}
	g.repository = desired.RunRepository{
		Repository: repo, Storage: storage, Credentials: keys.Credentials, Password: keys.Password, Snapshot: g.snapshot.Name,
	}
	return nil
}

// readSource reads the Repository and its BackupStorage, and asks the storage whether the session's namespace may use
// it. Without an answer that is yes, both are nil. A stranger hears the same whatever is missing.
func (r *Reconciler) readSource(ctx context.Context, g *gathered) (*storagev1alpha1.Repository, *storagev1alpha1.BackupStorage, error) {
	s := &g.facts.Session
	at, want := sourceNamespace(s), s.Spec.DataSource
	tell := func(format string, args ...any) {
		if at == s.Namespace {
			g.missing(false, format, args...)
			return
		}
		g.missing(false, "Namespace %s has no %s that namespace %s may read: it doesn't exist, or the usagePolicy of its BackupStorage doesn't allow %s.",
			at, describe(*want), s.Namespace, s.Namespace)
	}
	name := want.Repository
	if name == "" {
		snapshot, found, err := kube.Get[storagev1alpha1.Snapshot](ctx, r.Live, at, want.Snapshot)
		if err != nil {
			return nil, nil, err
		}
		if !found {
			g.depend(storagev1alpha1.KindSnapshot, want.Snapshot, at, false)
			tell("Snapshot %s/%s doesn't exist.", at, want.Snapshot)
			return nil, nil, nil
		}
		name = snapshot.Spec.Repository
	}
	repo, found, err := kube.Get[storagev1alpha1.Repository](ctx, r.Client, at, name)
	if err != nil {
		return nil, nil, err
	}
	if !found {
		g.depend(storagev1alpha1.KindRepository, name, at, false)
		tell("Repository %s/%s doesn't exist, so there is nothing to restore.", at, name)
		return nil, nil, nil
	}
	if !repo.DeletionTimestamp.IsZero() {
		tell("Repository %s/%s is being deleted.", at, name)
		return nil, nil, nil
	}
	namespace := cmp.Or(repo.Spec.StorageRef.Namespace, repo.Namespace)
	storage, found, err := kube.Get[storagev1alpha1.BackupStorage](ctx, r.Client, namespace, repo.Spec.StorageRef.Name)
	if err != nil {
		return nil, nil, err
	}
	if !found {
		tell("BackupStorage %s/%s of Repository %s doesn't exist.", namespace, repo.Spec.StorageRef.Name, repo.Name)
		return nil, nil, nil
	}
	labels, err := kube.NamespaceLabels(ctx, r.Live, s.Namespace)
	if err != nil {
		return nil, nil, err
	}
	if allowed, reason := usage.Allowed(storage.Spec.UsagePolicy, storage.Namespace, s.Namespace, labels); !allowed {
		tell("BackupStorage %s/%s of Repository %s may not be used: %s.", storage.Namespace, storage.Name, repo.Name, reason)
		return nil, nil, nil
	}
	return repo, storage, nil
}

func describe(want corev1alpha1.RestoreDataSource) string {
	if want.Repository != "" {
		return "Repository " + want.Repository
	}
	return "Snapshot " + want.Snapshot
}

// sharer is the namespace of another Repository in the same directory of the same storage that was there first:
// KubeStash makes no second one, so this one was written by hand.
func (r *Reconciler) sharer(ctx context.Context, repo *storagev1alpha1.Repository) (string, error) {
	var list storagev1alpha1.RepositoryList
	if err := r.Client.List(ctx, &list); err != nil {
		return "", fmt.Errorf("listing Repositories: %w", err)
	}
	storage := withNamespace(&repo.Spec.StorageRef, repo.Namespace)
	for i := range list.Items {
		other := &list.Items[i]
		if other.Namespace == repo.Namespace || other.CreationTimestamp.After(repo.CreationTimestamp.Time) {
			continue
		}
		if *withNamespace(&other.Spec.StorageRef, other.Namespace) == *storage &&
			repository.CleanPath(other.Spec.Path) == repository.CleanPath(repo.Spec.Path) {
			return other.Namespace, nil
		}
	}
	return "", nil
}

// gatherSnapshot finds the Snapshot: by name, or the one of the Repository that is the newest at its time.
func (r *Reconciler) gatherSnapshot(ctx context.Context, g *gathered, repo *storagev1alpha1.Repository) error {
	s := &g.facts.Session
	want := *s.Spec.DataSource
	snapshot, err := r.findSnapshot(ctx, g, want, repo)
	if err != nil || snapshot == nil {
		return err
	}
	g.depend(storagev1alpha1.KindSnapshot, snapshot.Name, repo.Namespace, true)
	g.snapshot, g.facts.Snapshot = snapshot, snapshot.Name
	if problem := restore.CheckSnapshot(want, snapshot); problem != "" {
		g.missing(false, "%s", problem)
		return nil
	}
	held, problems := restore.ChooseComponents(snapshot, want.Components)
	for _, problem := range problems {
		g.missing(false, "%s", problem)
	}
	g.held = map[string]string{}
	for _, name := range held {
		component := restore.Component(name)
		g.held[component] = name
		g.facts.Components = append(g.facts.Components, component)
	}
	return nil
}

func (r *Reconciler) findSnapshot(ctx context.Context, g *gathered, want corev1alpha1.RestoreDataSource, repo *storagev1alpha1.Repository,
) (*storagev1alpha1.Snapshot, error) {
	if want.PITR == nil && want.Snapshot != metav1alpha1.SnapshotLatest {
		snapshot, found, err := kube.Get[storagev1alpha1.Snapshot](ctx, r.Live, repo.Namespace, want.Snapshot)
		if err == nil && !found {
			g.depend(storagev1alpha1.KindSnapshot, want.Snapshot, repo.Namespace, false)
			g.missing(false, "Snapshot %s/%s doesn't exist.", repo.Namespace, want.Snapshot)
		}
		return snapshot, err
	}
	var list storagev1alpha1.SnapshotList
	if err := r.Live.List(ctx, &list, client.InNamespace(repo.Namespace)); err != nil {
		return nil, fmt.Errorf("listing Snapshots: %w", err)
	}
	snapshot, problem := restore.ChooseSnapshot(want, list.Items, r.Clock.Now())
	g.depend(storagev1alpha1.KindRepository, repo.Name, repo.Namespace, true)
	if snapshot == nil {
		g.missing(false, "%s", problem)
		return nil, nil
	}
	return snapshot, nil
}

func withNamespace(ref *metav1alpha1.ObjectReference, namespace string) *metav1alpha1.ObjectReference {
	if ref == nil {
		return nil
	}
	return &metav1alpha1.ObjectReference{Namespace: cmp.Or(ref.Namespace, namespace), Name: ref.Name}
}
