// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restoresession

import (
	"cmp"
	"context"
	"errors"
	"fmt"

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
	facts    restore.Facts
	snapshot *storagev1alpha1.Snapshot
	// held tells how the Snapshot names a component: it may have a former name.
	held       map[string]string
	repository desired.RunRepository
	target     *kube.Target
	namespace  map[string]string
	components []componentPlan
	// adopted are claims of somebody else that the restore takes when they are empty, exclusive those that one pod may
	// have at a time.
	adopted, exclusive []string
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
	if g.facts.Invalid = validate.Messages(validate.RestoreSession(s)); len(g.facts.Invalid) > 0 {
		return g, nil
	}
	for _, gather := range []func(context.Context, *gathered) error{
		r.gatherRivals, r.gatherTarget, r.gatherSource, r.gatherAddon, r.gatherClaims,
	} {
		if err := gather(ctx, g); err != nil {
			return nil, err
		}
		if len(g.facts.Busy)+len(g.facts.Invalid) > 0 {
			break
		}
	}
	return g, nil
}

func (r *Reconciler) gatherTarget(ctx context.Context, g *gathered) error {
	s := &g.facts.Session
	var err error
	if g.namespace, err = kube.NamespaceLabels(ctx, r.Live, s.Namespace); err != nil {
		return err
	}
	if s.Spec.Target == nil {
		// The claims that the restore makes take its place.
		g.target = &kube.Target{}
		return nil
	}
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
	if g.target == nil || g.snapshot == nil || len(g.facts.Missing) > 0 {
		return nil
	}
	if g.components, err = plan(g, object, functions); err != nil {
		g.missing(false, "%v.", err)
		return nil
	}
	g.facts.Notes = append(g.facts.Notes, g.notes()...)
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
