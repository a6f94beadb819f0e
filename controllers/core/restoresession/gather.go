// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restoresession

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/restore"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/source"
	"kubestash.com/kubestash/internal/validate"
)

// gathered is what one pass knows: the facts for the decision, and the objects for acting on it.
type gathered struct {
	facts      restore.Facts
	snapshot   *storagev1alpha1.Snapshot
	repository desired.RunRepository
	target     *kube.Target
	namespace  map[string]string
	components []componentPlan
}

func (r *Reconciler) gather(ctx context.Context, s *corev1alpha1.RestoreSession) (*gathered, error) {
	g := &gathered{}
	g.facts.Session = *s.DeepCopy()
	if err := r.gatherHooks(ctx, g); err != nil {
		return nil, err
	}
	if restore.Started(s.Status) {
		return g, r.gatherJobs(ctx, g)
	}
	if g.facts.Invalid = invalid(s); len(g.facts.Invalid) > 0 {
		return g, nil
	}
	for _, gather := range []func(context.Context, *gathered) error{
		r.gatherTarget, r.gatherSnapshot, r.gatherRepository, r.gatherAddon,
	} {
		if err := gather(ctx, g); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// invalid refuses what can't be carried out, in words.
func invalid(s *corev1alpha1.RestoreSession) []string {
	if list := validate.RestoreSession(s); len(list) > 0 {
		return validate.Messages(list)
	}
	var out []string
	refuse := func(isSet bool, field, instead string) {
		if isSet {
			out = append(out, fmt.Sprintf("spec.%s is not supported by this version; %s.", field, instead))
		}
	}
	source := s.Spec.DataSource
	refuse(source.PITR != nil, "dataSource.pitr", "name a Snapshot")
	refuse(source.Namespace != "" && source.Namespace != s.Namespace, "dataSource.namespace",
		"create the RestoreSession in the Snapshot's namespace")
	refuse(s.Spec.ManifestOptions != nil, "manifestOptions", "remove it")
	refuse(s.Spec.Target == nil, "target without a value", "name the workload or PersistentVolumeClaim to restore into")
	switch {
	case s.Spec.Addon == nil || s.Spec.Addon.Name == "":
		out = append(out, "spec.addon.name is missing; workload-addon restores workloads, pvc-addon PersistentVolumeClaims.")
	case len(s.Spec.Addon.Tasks) != 1:
		out = append(out, fmt.Sprintf("spec.addon has %d tasks; exactly one is supported.", len(s.Spec.Addon.Tasks)))
	}
	return out
}

func (r *Reconciler) gatherTarget(ctx context.Context, g *gathered) error {
	s := &g.facts.Session
	target, found, err := kube.ReadTarget(ctx, r.Live, *s.Spec.Target, s.Namespace)
	var unsupported *kube.UnsupportedTargetError
	switch {
	case errors.As(err, &unsupported):
		g.facts.Invalid = append(g.facts.Invalid, unsupported.Error()+".")
		return nil
	case err != nil:
		return err
	}
	g.facts.TargetFound = &found
	if !found {
		g.missing(true, "Target %s %s/%s doesn't exist.", s.Spec.Target.Kind, cmp.Or(s.Spec.Target.Namespace, s.Namespace), s.Spec.Target.Name)
		return nil
	}
	if target.Namespace != s.Namespace {
		g.facts.Invalid = append(g.facts.Invalid, fmt.Sprintf(
			"Target %s %s/%s is in another namespace, whose volumes can't be mounted from here; create the RestoreSession there.",
			target.Kind, target.Namespace, target.Name))
		return nil
	}
	g.target = target
	g.namespace, err = kube.NamespaceLabels(ctx, r.Live, s.Namespace)
	return err
}

// gatherSnapshot finds the Snapshot: by name, or the newest one of the Repository that succeeded.
func (r *Reconciler) gatherSnapshot(ctx context.Context, g *gathered) error {
	s := &g.facts.Session
	source := s.Spec.DataSource
	if source.Snapshot == metav1alpha1.SnapshotLatest {
		latest, err := r.latest(ctx, s.Namespace, source.Repository)
		if err != nil {
			return err
		}
		g.depend(storagev1alpha1.KindRepository, source.Repository, s.Namespace, latest != nil)
		if latest == nil {
			g.missing(false, "Repository %s has no Snapshot that succeeded, so there is nothing to restore.", source.Repository)
			return nil
		}
		g.snapshot = latest
	} else {
		snapshot, found, err := kube.Get[storagev1alpha1.Snapshot](ctx, r.Live, s.Namespace, source.Snapshot)
		if err != nil {
			return err
		}
		if !found {
			g.depend(storagev1alpha1.KindSnapshot, source.Snapshot, s.Namespace, false)
			g.missing(false, "Snapshot %s/%s doesn't exist.", s.Namespace, source.Snapshot)
			return nil
		}
		g.snapshot = snapshot
	}
	g.depend(storagev1alpha1.KindSnapshot, g.snapshot.Name, s.Namespace, true)
	g.facts.Snapshot = g.snapshot.Name
	switch {
	case source.Repository != "" && source.Repository != g.snapshot.Spec.Repository:
		g.missing(false, "Snapshot %s is in Repository %s, not in %s.", g.snapshot.Name, g.snapshot.Spec.Repository, source.Repository)
	case g.snapshot.Status.Phase != storagev1alpha1.SnapshotPhaseSucceeded:
		g.missing(false, "Snapshot %s is %s; only one that succeeded is restored.", g.snapshot.Name,
			cmp.Or(string(g.snapshot.Status.Phase), "not complete"))
	default:
		g.facts.Components = g.choose(source.Components)
	}
	return nil
}

func (r *Reconciler) latest(ctx context.Context, namespace, repository string) (*storagev1alpha1.Snapshot, error) {
	var list storagev1alpha1.SnapshotList
	if err := r.Live.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("listing Snapshots: %w", err)
	}
	var newest *storagev1alpha1.Snapshot
	for i := range list.Items {
		item := &list.Items[i]
		if item.Spec.Repository != repository || item.Status.Phase != storagev1alpha1.SnapshotPhaseSucceeded ||
			!item.DeletionTimestamp.IsZero() {
			continue
		}
		if newest == nil || timeOf(item).After(timeOf(newest)) {
			newest = item
		}
	}
	return newest, nil
}

// choose returns the components to restore: those asked for, by their present or their former names, or all.
func (g *gathered) choose(wanted []string) []string {
	have := slices.Sorted(maps.Keys(g.snapshot.Status.Components))
	if len(have) == 0 {
		g.missing(false, "Snapshot %s holds no component, so there is nothing to restore.", g.snapshot.Name)
	}
	if len(wanted) == 0 {
		return have
	}
	var out []string
	for _, name := range wanted {
		switch former := metav1alpha1.ComponentDump + "-" + name; {
		case slices.Contains(have, name):
			out = append(out, name)
		case slices.Contains(have, former):
			out = append(out, former)
		default:
			g.missing(false, "Snapshot %s has no component %q; it has: %s.", g.snapshot.Name, name, strings.Join(have, ", "))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (r *Reconciler) gatherRepository(ctx context.Context, g *gathered) error {
	if g.snapshot == nil {
		return nil
	}
	s := &g.facts.Session
	repo, found, err := kube.Get[storagev1alpha1.Repository](ctx, r.Client, s.Namespace, g.snapshot.Spec.Repository)
	if err != nil {
		return err
	}
	if !found {
		g.missing(false, "Repository %s of Snapshot %s doesn't exist.", g.snapshot.Spec.Repository, g.snapshot.Name)
		return nil
	}
	namespace := cmp.Or(repo.Spec.StorageRef.Namespace, repo.Namespace)
	storage, found, err := kube.Get[storagev1alpha1.BackupStorage](ctx, r.Client, namespace, repo.Spec.StorageRef.Name)
	if err != nil {
		return err
	}
	if !found {
		g.missing(false, "BackupStorage %s/%s of Repository %s doesn't exist.", namespace, repo.Spec.StorageRef.Name, repo.Name)
		return nil
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

func (r *Reconciler) gatherAddon(ctx context.Context, g *gathered) error {
	name := g.facts.Session.Spec.Addon.Name
	object, found, err := kube.Get[addonsv1alpha1.Addon](ctx, r.Client, "", name)
	if err != nil {
		return err
	}
	g.depend(addonsv1alpha1.KindAddon, name, "", found)
	if !found {
		g.missing(true, "Addon %q doesn't exist.", name)
		return nil
	}
	functions, err := source.Functions(ctx, r.Client, object.Spec.RestoreTasks)
	if err != nil {
		return err
	}
	if g.target == nil || g.snapshot == nil {
		return nil
	}
	if g.components, err = plan(g, object, functions); err != nil {
		g.missing(false, "%v.", err)
	}
	return nil
}

func (g *gathered) missing(mayPass bool, format string, args ...any) {
	g.facts.Missing = append(g.facts.Missing, restore.Problem{Message: fmt.Sprintf(format, args...), MayPass: mayPass})
}

func (g *gathered) depend(kind, name, namespace string, found bool) {
	ref := metav1alpha1.TypedObjectReference{APIGroup: storagev1alpha1.GroupVersion.Group, Kind: kind, Name: name, Namespace: namespace}
	if kind == addonsv1alpha1.KindAddon {
		ref.APIGroup = addonsv1alpha1.GroupVersion.Group
	}
	g.facts.Dependencies = append(g.facts.Dependencies, corev1alpha1.ResourceFoundStatus{TypedObjectReference: ref, Found: &found})
}
