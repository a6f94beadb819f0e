// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restoresession

import (
	"context"
	"time"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
	"kubestash.com/kubestash/internal/domain/restore"
	"kubestash.com/kubestash/internal/kube"
	hooks "kubestash.com/kubestash/internal/kube/hook"
)

// needsFinalizer tells of the restores that must not go before their post-hooks have run.
func needsFinalizer(s *corev1alpha1.RestoreSession) bool {
	return !restore.Finished(s.Status) && s.Spec.Hooks != nil && len(s.Spec.Hooks.PreRestore)+len(s.Spec.Hooks.PostRestore) > 0
}

// gatherHooks looks at the hooks as the session remembers them, or, before it has begun, as they are written.
func (r *Reconciler) gatherHooks(ctx context.Context, g *gathered) error {
	s := &g.facts.Session
	plan, err := hookPlan(s)
	if err != nil || plan.Empty() {
		return err
	}
	if g.facts.Hooks, err = r.Hooks.Gather(ctx, s, plan, s.Status.Hooks); err != nil || hook.Began(s.Status.Hooks) {
		return err
	}
	missing, wrong := hooks.Problems(g.facts.Hooks, restore.Summary(g.facts, s.Status, r.Clock.Now()))
	for _, problem := range wrong {
		g.missing(false, "%s", problem)
	}
	for _, problem := range missing {
		g.missing(true, "%s", problem)
	}
	return nil
}

// hookPlan is empty for a restore that started without hooks, whatever it says by now.
func hookPlan(s *corev1alpha1.RestoreSession) (hook.Plan, error) {
	switch {
	case hook.Began(s.Status.Hooks):
		return hook.Recall(s.Status.Hooks.Record)
	case restore.Started(s.Status) || s.Spec.Hooks == nil:
		return hook.Plan{}, nil
	}
	return hook.Plan{
		Pre: hook.Of(s.Spec.Hooks.PreRestore), Post: hook.Of(s.Spec.Hooks.PostRestore),
		Target: hooks.Target(s.Spec.Target, s.Namespace),
	}, nil
}

// lastHooks runs the post-hooks of a restore that is being deleted, and holds the finalizer until they have ended.
func (r *Reconciler) lastHooks(ctx context.Context, s *corev1alpha1.RestoreSession) error {
	if !hook.Began(s.Status.Hooks) {
		return nil
	}
	g := &gathered{}
	g.facts.Session = *s.DeepCopy()
	if err := r.gatherHooks(ctx, g); err != nil {
		return err
	}
	if restore.Started(s.Status) {
		if err := r.gatherJobs(ctx, g); err != nil {
			return err
		}
	}
	verdict, done := restore.Leave(g.facts, r.Clock.Now())
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
