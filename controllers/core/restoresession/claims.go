// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restoresession

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/kube"
)

// gatherClaims looks at every claim that would be written: whether it is there, who else has it, and whether the
// restore may take it.
func (r *Reconciler) gatherClaims(ctx context.Context, g *gathered) error {
	var all []string
	for i := range g.components {
		c := &g.components[i]
		for _, name := range c.Data.Claims {
			if err := r.gatherClaim(ctx, g, c, name); err != nil {
				return err
			}
			all = append(all, name)
		}
	}
	if len(g.facts.Missing) > 0 {
		return nil
	}
	return r.gatherUsers(ctx, g, all)
}

func (r *Reconciler) gatherClaim(ctx context.Context, g *gathered, c *componentPlan, name string) error {
	s := &g.facts.Session
	i := slices.IndexFunc(c.Data.NewClaims, func(n corev1.PersistentVolumeClaim) bool { return n.Name == name })
	claim, found, err := kube.Get[corev1.PersistentVolumeClaim](ctx, r.Live, s.Namespace, name)
	switch {
	case err != nil:
		return err
	case found && !claim.DeletionTimestamp.IsZero():
		g.missing(true, "PersistentVolumeClaim %s is being deleted.", name)
	case i < 0 && !found:
		g.missing(true, "PersistentVolumeClaim %s of component %s doesn't exist%s.", name, c.Part.Component, r.whyNot(g))
	case i >= 0 && found && !desired.MadeBy(claim, s), i >= 0 && desired.IsStatic(&c.Data.NewClaims[i]):
		// Only a pod can see whether the volume holds somebody's files.
		c.emptyPaths = append(c.emptyPaths, c.Data.ClaimPaths[name]...)
		g.adopted = append(g.adopted, name)
	}
	if found && slices.Contains(claim.Spec.AccessModes, corev1.ReadWriteOncePod) {
		g.exclusive = append(g.exclusive, name)
	}
	return nil
}

// whyNot says what to do about a missing claim of a StatefulSet that is scaled down.
func (r *Reconciler) whyNot(g *gathered) string {
	if g.target.Kind != metav1alpha1.KindStatefulSet {
		return ""
	}
	return "; StatefulSet " + g.target.Name + " makes it when it is scaled up, or leave the component out of spec.dataSource.components"
}

// gatherUsers finds who has the claims now. Jobs of ours are waited for; an application goes on, as one that is restored
// while it runs is normal, and a note says so.
func (r *Reconciler) gatherUsers(ctx context.Context, g *gathered, claims []string) error {
	s := &g.facts.Session
	movers, err := kube.MoversOnClaims(ctx, r.Live, s.Namespace, claims)
	if err != nil {
		return err
	}
	for _, m := range movers {
		switch {
		case m.Component == metav1alpha1.JobComponentRestore && m.Invoker != naming.LabelValue(s.Name):
			g.busy("RestoreSession %s is restoring into PersistentVolumeClaim %s; this one begins when that has ended.", m.Invoker, m.Claim)
		case m.Component == metav1alpha1.JobComponentBackup:
			g.busy("BackupSession %s is reading PersistentVolumeClaim %s; the restore begins when that has ended.", m.Invoker, m.Claim)
		}
	}
	users, err := kube.UsersOfClaims(ctx, r.Live, s.Namespace, claims)
	if err != nil {
		return err
	}
	for _, u := range users {
		if u.IsMover {
			continue
		}
		if slices.Contains(g.exclusive, u.Claim) {
			g.busy("PersistentVolumeClaim %s is ReadWriteOncePod and pod %s has it; the restore begins when that pod has stopped.", u.Claim, u.Pod)
			continue
		}
		g.facts.Notes = append(g.facts.Notes, fmt.Sprintf(
			"Pod %s goes on running with PersistentVolumeClaim %s while it is restored: files that it writes meanwhile may mix with restored ones.", u.Pod, u.Claim))
		break
	}
	return nil
}

func (g *gathered) busy(format string, args ...any) {
	g.facts.Busy = append(g.facts.Busy, fmt.Sprintf(format, args...))
}

// createClaims makes the claims of the restore. They belong to nobody: what was restored stays.
func (r *Reconciler) createClaims(ctx context.Context, s *corev1alpha1.RestoreSession, g *gathered) error {
	for _, c := range g.components {
		for _, n := range c.Data.NewClaims {
			_, err := kube.Create(ctx, r.Client, r.Live, desired.Claim(n, s), func(existing *corev1.PersistentVolumeClaim) bool {
				return slices.Contains(g.adopted, n.Name) || desired.MadeBy(existing, s)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
