// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/addon"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/source"
	"kubestash.com/kubestash/internal/kube/store"
)

// plan is what the pods of a run do for one target.
type plan struct {
	target     *kube.Target
	components []desired.PartPlan
	repos      []desired.RunRepository
	labels     map[string]string // of the namespace
	// retryLock is how long a maintenance that is at work may hold its lock; nil when there is none.
	retryLock *metav1.Duration
}

// gatherPlan reads what is needed to start, and records as problems what is missing.
func (r *Reconciler) gatherPlans(ctx context.Context, g *gathered) error {
	for i := range g.facts.Units {
		u := &g.facts.Units[i]
		p, part := &plan{}, g.part(u.Target)
		g.plans[u.Target] = p
		if err := r.gatherTarget(ctx, g, u, p); err != nil {
			return err
		}
		if err := r.gatherAddon(ctx, g, u, p, part.Addon); err != nil {
			return err
		}
		if err := r.gatherRestores(ctx, g, u, p); err != nil {
			return err
		}
		if err := r.gatherSecrets(ctx, g, u, p); err != nil {
			return err
		}
		if err := r.gatherMaintenance(ctx, g, u, p); err != nil {
			return err
		}
		for i, c := range p.components {
			u.Components = append(u.Components, c.Part.Component)
			if unknown := c.Addon.UnknownParams; i == 0 && len(unknown) > 0 {
				g.note("Task %s doesn't know the parameters %s; they have no effect.", c.Addon.Task, strings.Join(unknown, ", "))
			}
		}
		if p.target != nil && p.security().NonRoot {
			g.note("The namespace enforces the Pod Security level restricted, so the backup doesn't run as root: " +
				"it can't read files that are readable for their owner alone.")
		}
	}
	return nil
}

// note tells each thing once, however many targets it is true of.
func (g *gathered) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(g.facts.Notes, text) {
		g.facts.Notes = append(g.facts.Notes, text)
	}
}

func (r *Reconciler) gatherTarget(ctx context.Context, g *gathered, u *session.Unit, p *plan) error {
	ref := u.AppRef
	if ref == nil {
		problem(u, false, "A backup without a target needs an addon that is not available.")
		return nil
	}
	target, found, err := kube.ReadTarget(ctx, r.Live, *ref, g.facts.Session.Namespace)
	var unsupported *kube.UnsupportedTargetError
	switch {
	case errors.As(err, &unsupported):
		problem(u, false, "%v.", unsupported)
		return nil
	case err != nil:
		return err
	case !found:
		u.Gone = fmt.Sprintf("Target %s %s/%s", ref.Kind, cmp.Or(ref.Namespace, g.facts.Session.Namespace), ref.Name)
		return nil
	case target.Namespace != g.facts.Session.Namespace:
		problem(u, false, "Target %s %s/%s is not in the %s's namespace; its volumes can't be mounted from here.",
			target.Kind, target.Namespace, target.Name, g.facts.Invoker.Kind)
		return nil
	}
	p.target = target
	p.labels, err = kube.NamespaceLabels(ctx, r.Live, target.Namespace)
	return err
}

func (r *Reconciler) gatherAddon(ctx context.Context, g *gathered, u *session.Unit, p *plan, info *corev1alpha1.AddonInfo) error {
	if p.target == nil || info == nil {
		if info == nil {
			problem(u, false, "Session %q names no addon.", g.facts.Config.Name)
		}
		return nil
	}
	object, found, err := kube.Get[addonsv1alpha1.Addon](ctx, r.Client, "", info.Name)
	if err != nil {
		return err
	}
	if !found {
		problem(u, true, "Addon %q doesn't exist.", info.Name)
		return nil
	}
	functions, err := source.Functions(ctx, r.Client, object.Spec.BackupTasks)
	if err != nil {
		return err
	}
	if len(info.Tasks) != 1 {
		problem(u, false, "Session %q has %d tasks; exactly one is supported.", g.facts.Config.Name, len(info.Tasks))
		return nil
	}
	p.components, err = desired.PlanParts(p.target.Application, addon.Request{
		Addon: object, Functions: functions, Direction: addon.Backup, Task: info.Tasks[0], Vars: map[string]string{
			metav1alpha1.VarNamespace:     g.facts.Session.Namespace,
			metav1alpha1.VarBackupSession: g.facts.Session.Name,
			metav1alpha1.VarInvokerKind:   g.facts.Invoker.Kind,
			metav1alpha1.VarInvokerName:   g.facts.Invoker.Name,
		},
	}, nil, true)
	if err != nil {
		problem(u, false, "%v.", err)
		return nil
	}
	return nil
}

// gatherSecrets reads the credentials and passwords by name.
func (r *Reconciler) gatherSecrets(ctx context.Context, g *gathered, u *session.Unit, p *plan) error {
	for _, fact := range u.Repositories {
		at, ok := g.places[fact.Name]
		if !ok {
			continue
		}
		keys, missing, err := source.Open(ctx, r.Live, r.Backends, at.repository, at.storage, nil, "")
		if err != nil {
			return err
		}
		if missing != "" {
			problem(u, false, "%s", missing)
		}
		p.repos = append(p.repos, desired.RunRepository{
			Repository: at.repository, Storage: at.storage, Credentials: keys.Credentials, Password: keys.Password,
		})
	}
	return nil
}

// gatherMaintenance finds out whose lock the pods have to wait for.
func (r *Reconciler) gatherMaintenance(ctx context.Context, g *gathered, u *session.Unit, p *plan) error {
	for _, fact := range u.Repositories {
		at, ok := g.places[fact.Name]
		if !ok {
			continue
		}
		wait, err := store.Maintained(ctx, r.Client, at.repository, r.Clock.Now())
		if err != nil {
			return err
		}
		if wait == nil {
			continue
		}
		g.note("Repository %s is being maintained; the backup begins when that is over.", fact.Name)
		if p.retryLock == nil || wait.Duration > p.retryLock.Duration {
			p.retryLock = wait
		}
	}
	return nil
}

// security is the default security context of a target's pods.
func (p *plan) security() desired.Security {
	var of *corev1.PodSecurityContext
	if p.target.Pod != nil {
		of = p.target.Pod.SecurityContext
	}
	return desired.BackupSecurity(of, p.labels)
}
