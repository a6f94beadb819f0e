// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"context"
	"time"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/kube"
	hooks "kubestash.com/kubestash/internal/kube/hook"
)

// gatherHooks looks at the hooks as the session remembers them, or, before it has begun, as they are configured.
func (r *Reconciler) gatherHooks(ctx context.Context, g *gathered) error {
	s := &g.facts.Session
	if session.Finished(s.Status) {
		return nil
	}
	plan, err := hookPlan(g)
	if err != nil || plan.Empty() {
		return err
	}
	if g.facts.Hooks, err = r.Hooks.Gather(ctx, s, plan, s.Status.Hooks); err != nil || hook.Began(s.Status.Hooks) {
		return err
	}
	missing, wrong := hooks.Problems(g.facts.Hooks, session.Summary(g.facts, s.Status, r.Clock.Now()))
	for _, problem := range wrong {
		g.facts.Problems = append(g.facts.Problems, session.Problem{Message: problem})
	}
	for _, problem := range missing {
		g.facts.Problems = append(g.facts.Problems, session.Problem{Message: problem, MayPass: true})
	}
	return nil
}

// hookPlan is empty for a session that started without hooks or has finished, whatever its configuration says by now.
func hookPlan(g *gathered) (hook.Plan, error) {
	s := &g.facts.Session
	switch {
	case hook.Began(s.Status.Hooks):
		return hook.Recall(s.Status.Hooks.Record)
	case started(s) || session.Finished(s.Status) || g.facts.Config == nil || g.facts.Config.Hooks == nil:
		return hook.Plan{}, nil
	}
	return hook.Plan{
		Pre: hook.Of(g.facts.Config.Hooks.PreBackup), Post: hook.Of(g.facts.Config.Hooks.PostBackup),
		Target: hooks.Target(g.onlyTarget(), s.Namespace),
	}, nil
}

// onlyTarget is nil for a session that has several targets, or none.
func (g *gathered) onlyTarget() *metav1alpha1.TypedObjectReference {
	if g.session == nil || len(g.session.Parts) != 1 {
		return nil
	}
	return g.session.Parts[0].AppRef
}

// lastHooks runs the post-hooks of a session that is being deleted, and holds the finalizer until they have ended.
func (r *Reconciler) lastHooks(ctx context.Context, s *corev1alpha1.BackupSession) error {
	if !hook.Began(s.Status.Hooks) {
		return nil
	}
	g := &gathered{places: map[string]place{}, plans: map[string]*plan{}}
	g.facts.Session = *s.DeepCopy()
	if err := r.gatherHooks(ctx, g); err != nil {
		return err
	}
	if started(s) {
		if err := r.gatherUnits(ctx, g); err != nil {
			return err
		}
		if err := r.gatherJobs(ctx, g); err != nil {
			return err
		}
	}
	verdict, done := session.Leave(g.facts, r.Clock.Now())
	if err := r.act(ctx, s, g, verdict.Intents); err != nil {
		return err
	}
	s.Status = verdict.Status
	kube.Announce(ctx, func() { r.tell(s, verdict.Events) })
	if !done {
		return kube.Wait(max(verdict.WakeUp, time.Second), "the post-hooks run before the session goes")
	}
	return nil
}
