// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/kube"
)

// gathered is what one pass knows: the facts for the decision, and the objects for acting on it.
type gathered struct {
	facts session.Facts
	// places are by Repository name; an entry is complete when no problem was found with it.
	places map[string]place
	// session is what the invoker wants; nil when it has none of that name.
	session *invoker.Session
	// made are the Snapshots that this pass has created, or found where it wanted to, by their names.
	made map[string]types.UID
	// plans are what the pods do, by target; set only before the run has started.
	plans map[string]*plan
}

// place is a Repository with its storage.
type place struct {
	repository *storagev1alpha1.Repository
	storage    *storagev1alpha1.BackupStorage
}

func (r *Reconciler) gather(ctx context.Context, s *corev1alpha1.BackupSession) (*gathered, error) {
	g := &gathered{places: map[string]place{}, made: map[string]types.UID{}, plans: map[string]*plan{}}
	g.facts.Session = *s.DeepCopy()
	if err := r.gatherInvoker(ctx, g); err != nil {
		return nil, err
	}
	if err := r.gatherHooks(ctx, g); err != nil {
		return nil, err
	}
	if g.facts.Config == nil && !started(s) {
		return g, nil // for a refusal the invoker is enough
	}
	if err := r.gatherSiblings(ctx, g); err != nil {
		return nil, err
	}
	if session.Finished(s.Status) {
		return g, nil // for a retry, invoker and siblings are enough
	}
	if err := r.gatherUnits(ctx, g); err != nil {
		return nil, err
	}
	if !started(s) {
		return g, r.gatherTurn(ctx, g)
	}
	if err := r.hold(ctx, g); err != nil {
		return nil, err
	}
	return g, r.gatherJobs(ctx, g)
}

func started(s *corev1alpha1.BackupSession) bool {
	return metav1alpha1.HasCondition(s.Status.Conditions, corev1alpha1.ConditionSnapshotsEnsured)
}

func (r *Reconciler) gatherInvoker(ctx context.Context, g *gathered) error {
	s := &g.facts.Session
	if s.Spec.Invoker == nil {
		return nil
	}
	var obj client.Object
	var found bool
	var err error
	switch s.Spec.Invoker.Kind {
	case corev1alpha1.KindBackupConfiguration:
		obj, found, err = kube.Get[corev1alpha1.BackupConfiguration](ctx, r.Client, s.Namespace, s.Spec.Invoker.Name)
	case corev1alpha1.KindBackupBatch:
		obj, found, err = kube.Get[corev1alpha1.BackupBatch](ctx, r.Client, s.Namespace, s.Spec.Invoker.Name)
	}
	if err != nil || !found {
		return err
	}
	g.facts.Invoker = invoker.Of(obj)
	if g.session = g.facts.Invoker.Session(s.Spec.Session); g.session != nil {
		g.facts.Config = g.session.SessionConfig
	}
	return nil
}

// gatherUnits finds the targets and looks at the Repositories of each: as configured before the start, as started
// afterwards, so that an edit of the configuration doesn't change a run.
func (r *Reconciler) gatherUnits(ctx context.Context, g *gathered) error {
	if started(&g.facts.Session) {
		g.facts.Units = startedUnits(&g.facts.Session)
	} else {
		for _, part := range g.session.Parts {
			u := session.Unit{Target: part.Target, AppRef: part.AppRef}
			for _, repo := range part.Repositories {
				u.Repositories = append(u.Repositories, session.Repository{Name: repo.Name})
			}
			g.facts.Units = append(g.facts.Units, u)
		}
	}
	for i := range g.facts.Units {
		u := &g.facts.Units[i]
		for j := range u.Repositories {
			if err := r.gatherRepository(ctx, g, u, &u.Repositories[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

func startedUnits(s *corev1alpha1.BackupSession) []session.Unit {
	var units []session.Unit
	for _, snapshot := range s.Status.Snapshots {
		i := slices.IndexFunc(units, func(u session.Unit) bool { return u.Target == snapshot.Target })
		if i < 0 {
			i, units = len(units), append(units, session.Unit{Target: snapshot.Target, AppRef: snapshot.AppRef})
		}
		units[i].Repositories = append(units[i].Repositories, session.Repository{Name: snapshot.Repository})
	}
	return units
}

func (r *Reconciler) gatherRepository(ctx context.Context, g *gathered, u *session.Unit, fact *session.Repository) error {
	s, name := &g.facts.Session, fact.Name
	repo, found, err := kube.Get[storagev1alpha1.Repository](ctx, r.Client, s.Namespace, name)
	if err != nil {
		return err
	}
	if !found {
		problem(u, true, "Repository %s doesn't exist yet.", name)
		return nil
	}
	if err := r.gatherPlace(ctx, g, u, fact, repo); err != nil {
		return err
	}
	var list storagev1alpha1.SnapshotList
	if err := r.Client.List(ctx, &list, client.InNamespace(s.Namespace),
		client.MatchingLabels{metav1alpha1.LabelRepoName: naming.LabelValue(name)}); err != nil {
		return fmt.Errorf("listing Snapshots of Repository %s: %w", name, err)
	}
	for i := range list.Items {
		item := &list.Items[i]
		switch {
		case item.Spec.Repository != name:
		case item.Name == session.SnapshotName(s.Name, name):
			fact.Snapshot = item
		case item.Spec.Session == s.Spec.Session:
			fact.Past = append(fact.Past, *item)
		}
	}
	if err := r.catchUp(ctx, s, fact); err != nil {
		return err
	}
	return r.gatherRetention(ctx, g, u, fact, repo)
}

// catchUp asks the API server for the Snapshot of a run that has started when the cache doesn't know it, or knows it as
// it was before its status was written: the run would be taken for one that has lost its Snapshot, or has nothing to do.
func (r *Reconciler) catchUp(ctx context.Context, s *corev1alpha1.BackupSession, fact *session.Repository) error {
	if !started(s) || fact.Snapshot != nil && fact.Snapshot.Status.TotalComponents > 0 {
		return nil
	}
	live, found, err := r.snapshot(ctx, s.Namespace, session.SnapshotName(s.Name, fact.Name))
	if err != nil {
		return err
	}
	if fact.Snapshot = nil; found {
		fact.Snapshot = live
	}
	return nil
}

func (r *Reconciler) gatherPlace(
	ctx context.Context, g *gathered, u *session.Unit, fact *session.Repository, repo *storagev1alpha1.Repository,
) error {
	namespace := cmp.Or(repo.Spec.StorageRef.Namespace, repo.Namespace)
	storage, found, err := kube.Get[storagev1alpha1.BackupStorage](ctx, r.Client, namespace, repo.Spec.StorageRef.Name)
	if err != nil {
		return err
	}
	if !found {
		problem(u, false, "BackupStorage %s/%s of Repository %s doesn't exist.", namespace, repo.Spec.StorageRef.Name, repo.Name)
		return nil
	}
	b, err := r.Backends(storage.Spec.Storage.Provider)
	if err != nil {
		problem(u, false, "BackupStorage %s/%s: %v", namespace, storage.Name, err)
		return nil
	}
	fact.DocumentsByPod = b.IsVolume()
	g.places[repo.Name] = place{repository: repo, storage: storage}
	if err := r.checkUse(ctx, g, u, storagev1alpha1.KindBackupStorage, storage, storage.Spec.UsagePolicy); err != nil {
		return err
	}
	switch local := storage.Spec.Storage.Local; {
	case local != nil && local.PersistentVolumeClaim != nil && storage.Namespace != repo.Namespace:
		problem(u, false, "BackupStorage %s/%s is a PersistentVolumeClaim, which pods in namespace %s can't mount.",
			storage.Namespace, storage.Name, repo.Namespace)
	case !repo.DeletionTimestamp.IsZero():
		problem(u, false, "Repository %s is being deleted.", repo.Name)
	case storage.Status.Phase != storagev1alpha1.BackupStoragePhaseReady:
		problem(u, storage.Status.Phase == "", "BackupStorage %s/%s is not ready: %s", namespace, storage.Name, firstFalse(storage.Status.Conditions))
	case repo.Status.Phase != storagev1alpha1.RepositoryPhaseReady:
		problem(u, true, "Repository %s is not ready: %s", repo.Name, firstFalse(repo.Status.Conditions))
	}
	return nil
}

// part is what the session wants for a target; nil when it wants nothing any more.
func (g *gathered) part(target string) *invoker.Part {
	if g.session == nil {
		return nil
	}
	return g.session.Part(target)
}

func problem(u *session.Unit, mayPass bool, format string, args ...any) {
	u.Problems = append(u.Problems, session.Problem{Message: fmt.Sprintf(format, args...), MayPass: mayPass})
}

// componentsOf are the components that a run was started with.
func componentsOf(repositories []session.Repository) []string {
	names := map[string]bool{}
	for _, r := range repositories {
		if r.Snapshot != nil {
			for name := range r.Snapshot.Status.Components {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func firstFalse(conditions []metav1alpha1.Condition) string {
	for _, c := range conditions {
		if c.Status != "True" && c.Message != "" {
			return c.Message
		}
	}
	return "it has not been initialised yet."
}
