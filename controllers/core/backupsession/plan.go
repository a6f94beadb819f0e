// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/addon"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/source"
)

// plan is what the pods of a run do.
type plan struct {
	target     *kube.Target
	components []desired.PartPlan
	repos      []desired.RunRepository
	labels     map[string]string // of the namespace
}

// gatherPlan reads what is needed to start, and records as problems what is missing.
func (r *Reconciler) gatherPlan(ctx context.Context, g *gathered) error {
	g.plan = &plan{}
	for _, gather := range []func(context.Context, *gathered) error{
		r.gatherTarget, r.gatherAddon, r.gatherSecrets,
	} {
		if err := gather(ctx, g); err != nil {
			return err
		}
	}
	for i, c := range g.plan.components {
		g.facts.Components = append(g.facts.Components, c.Part.Component)
		if unknown := c.Addon.UnknownParams; i == 0 && len(unknown) > 0 {
			g.facts.Notes = append(g.facts.Notes, fmt.Sprintf("Task %s doesn't know the parameters %s; they have no effect.",
				c.Addon.Task, strings.Join(unknown, ", ")))
		}
	}
	if g.plan.target != nil && g.plan.security().NonRoot {
		g.facts.Notes = append(g.facts.Notes, "The namespace enforces the Pod Security level restricted, so the backup doesn't run as root: "+
			"it can't read files that are readable for their owner alone.")
	}
	return nil
}

func (r *Reconciler) gatherTarget(ctx context.Context, g *gathered) error {
	ref := g.facts.Configuration.Spec.Target
	if ref == nil {
		g.problem(false, "A backup without a target needs an addon that is not available.")
		return nil
	}
	target, found, err := kube.ReadTarget(ctx, r.Live, *ref, g.facts.Session.Namespace)
	var unsupported *kube.UnsupportedTargetError
	switch {
	case errors.As(err, &unsupported):
		g.problem(false, "%v.", unsupported)
		return nil
	case err != nil:
		return err
	case !found:
		g.facts.TargetGone = fmt.Sprintf("Target %s %s/%s", ref.Kind, cmp.Or(ref.Namespace, g.facts.Session.Namespace), ref.Name)
		return nil
	case target.Namespace != g.facts.Session.Namespace:
		g.problem(false, "Target %s %s/%s is not in the BackupConfiguration's namespace; its volumes can't be mounted from here.",
			target.Kind, target.Namespace, target.Name)
		return nil
	}
	g.plan.target = target
	g.plan.labels, err = kube.NamespaceLabels(ctx, r.Live, target.Namespace)
	return err
}

func (r *Reconciler) gatherAddon(ctx context.Context, g *gathered) error {
	info := g.facts.Config.Addon
	if g.plan.target == nil || info == nil {
		if info == nil {
			g.problem(false, "Session %q names no addon.", g.facts.Config.Name)
		}
		return nil
	}
	object, found, err := kube.Get[addonsv1alpha1.Addon](ctx, r.Client, "", info.Name)
	if err != nil {
		return err
	}
	if !found {
		g.problem(true, "Addon %q doesn't exist.", info.Name)
		return nil
	}
	functions, err := source.Functions(ctx, r.Client, object.Spec.BackupTasks)
	if err != nil {
		return err
	}
	if len(info.Tasks) != 1 {
		g.problem(false, "Session %q has %d tasks; exactly one is supported.", g.facts.Config.Name, len(info.Tasks))
		return nil
	}
	g.plan.components, err = desired.PlanParts(g.plan.target.Application, addon.Request{
		Addon: object, Functions: functions, Direction: addon.Backup, Task: info.Tasks[0], Vars: map[string]string{
			metav1alpha1.VarNamespace:     g.facts.Session.Namespace,
			metav1alpha1.VarBackupSession: g.facts.Session.Name,
			metav1alpha1.VarInvokerKind:   corev1alpha1.KindBackupConfiguration,
			metav1alpha1.VarInvokerName:   g.facts.Configuration.Name,
		},
	}, nil, true)
	if err != nil {
		g.problem(false, "%v.", err)
		return nil
	}
	if h := g.facts.Config.Hooks; h != nil && len(h.PreBackup)+len(h.PostBackup) > 0 {
		g.problem(false, "Session %q has hooks, which are not supported by this version; remove them.", g.facts.Config.Name)
	}
	return nil
}

// gatherSecrets reads the credentials and passwords by name.
func (r *Reconciler) gatherSecrets(ctx context.Context, g *gathered) error {
	for _, fact := range g.facts.Repositories {
		p, ok := g.places[fact.Name]
		if !ok {
			continue
		}
		keys, problem, err := source.Open(ctx, r.Live, r.Backends, p.repository, p.storage, nil, "")
		if err != nil {
			return err
		}
		if problem != "" {
			g.problem(false, "%s", problem)
		}
		g.plan.repos = append(g.plan.repos, desired.RunRepository{
			Repository: p.repository, Storage: p.storage, Credentials: keys.Credentials, Password: keys.Password,
		})
	}
	return nil
}

// security is the default security context of a run's pods.
func (p *plan) security() desired.Security {
	var of *corev1.PodSecurityContext
	if p.target.Pod != nil {
		of = p.target.Pod.SecurityContext
	}
	return desired.BackupSecurity(of, p.labels)
}
