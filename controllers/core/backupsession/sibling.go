// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/domain/queue"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/kube"
)

// byInvoker is the index of BackupSessions by their invoker.
const byInvoker = "kubestash.invoker"

func index(ctx context.Context, indexer client.FieldIndexer) error {
	err := indexer.IndexField(ctx, &corev1alpha1.BackupSession{}, byInvoker, func(o client.Object) []string {
		s, ok := o.(*corev1alpha1.BackupSession)
		if !ok || s.Spec.Invoker == nil {
			return nil
		}
		return []string{invokerOf(s)}
	})
	if err != nil {
		return fmt.Errorf("indexing BackupSessions by invoker: %w", err)
	}
	return nil
}

func invokerOf(s *corev1alpha1.BackupSession) string {
	return s.Spec.Invoker.Kind + "/" + s.Spec.Invoker.Name
}

func pastOf(s *corev1alpha1.BackupSession) session.Past {
	return session.Past{
		Name: s.Name, Created: s.CreationTimestamp.Time, Skipped: s.Status.Phase == corev1alpha1.BackupSessionPhaseSkipped,
	}
}

// gatherSiblings finds the other runs of the same session: who runs, who waits, and who is history; and the finished ones of sessions that
// the invoker doesn't have any more.
func (r *Reconciler) gatherSiblings(ctx context.Context, g *gathered) error {
	s := &g.facts.Session
	if s.Spec.Invoker == nil {
		return nil
	}
	var list corev1alpha1.BackupSessionList
	if err := r.Client.List(ctx, &list, client.InNamespace(s.Namespace), client.MatchingFields{byInvoker: invokerOf(s)}); err != nil {
		return fmt.Errorf("listing BackupSessions of %s: %w", invokerOf(s), err)
	}
	var open []*corev1alpha1.BackupSession
	var keys []queue.Key
	former := map[string][]session.Past{}
	for i := range list.Items {
		other := &list.Items[i]
		if other.Name == s.Name || !other.DeletionTimestamp.IsZero() {
			continue
		}
		if name := other.Spec.Session; name != s.Spec.Session {
			if session.Finished(other.Status) && g.facts.Invoker != nil && g.facts.Invoker.Session(name) == nil {
				former[name] = append(former[name], pastOf(other))
			}
			continue
		}
		if !session.Finished(other.Status) {
			open, keys = append(open, other), append(keys, keyOf(other))
			continue
		}
		g.facts.History = append(g.facts.History, pastOf(other))
		if other.Status.Phase == corev1alpha1.BackupSessionPhaseSucceeded && olderThan(s, other) {
			g.facts.Siblings.Newer = other.Name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(former)) {
		g.facts.Former = append(g.facts.Former, former[name])
	}
	runs, err := r.runs(ctx, keys)
	if err != nil {
		return err
	}
	return r.classify(ctx, g, open, runs)
}

// classify sorts those that have not finished. One that has begun and doesn't run has just ended, and the cache
// doesn't know.
func (r *Reconciler) classify(ctx context.Context, g *gathered, open []*corev1alpha1.BackupSession, runs map[queue.Key]bool) error {
	s := &g.facts.Session
	next := (*corev1alpha1.BackupSession)(nil)
	for _, other := range open {
		younger := olderThan(s, other)
		switch {
		case runs[keyOf(other)]:
			g.facts.Siblings.Running = other.Name
		case session.Begun(other.Status):
			continue
		case !younger:
			waits, err := r.stillWaits(ctx, other)
			if err != nil {
				return err
			}
			if waits {
				g.facts.Siblings.Waiting = other.Name
			}
		case next == nil || olderThan(other, next):
			next = other
			g.facts.Siblings.Next = other.Name
		}
		if younger {
			g.facts.Siblings.Newer = other.Name
		}
	}
	return nil
}

// stillWaits looks past the cache, because a BackupSession would be skipped for one that has just been skipped itself.
func (r *Reconciler) stillWaits(ctx context.Context, other *corev1alpha1.BackupSession) (bool, error) {
	now, found, err := kube.Get[corev1alpha1.BackupSession](ctx, r.Live, other.Namespace, other.Name)
	return found && !session.Finished(now.Status) && now.DeletionTimestamp.IsZero(), err
}

func olderThan(a, b *corev1alpha1.BackupSession) bool {
	return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name)) < 0
}
