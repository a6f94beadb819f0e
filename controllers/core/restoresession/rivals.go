// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restoresession

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/application"
	"kubestash.com/kubestash/internal/domain/hook"
	"kubestash.com/kubestash/internal/domain/restore"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/validate"
)

// gatherRivals finds who else has to do with the same target: restores that were there first and backups that run are
// waited for, and further backups are skipped while the restore writes. Two that meet by another way than their target,
// such as a Deployment and its claim, are told by their claims later.
func (r *Reconciler) gatherRivals(ctx context.Context, g *gathered) error {
	s := &g.facts.Session
	if s.Spec.Target == nil {
		return nil
	}
	var restores corev1alpha1.RestoreSessionList
	if err := r.Client.List(ctx, &restores, client.InNamespace(s.Namespace)); err != nil {
		return fmt.Errorf("listing RestoreSessions: %w", err)
	}
	for i := range restores.Items {
		other := &restores.Items[i]
		if other.Name == s.Name || restore.Finished(other.Status) || !other.DeletionTimestamp.IsZero() ||
			!validate.SameTarget(s.Spec.Target, other.Spec.Target, s.Namespace) {
			continue
		}
		if restore.Started(other.Status) || hook.Began(other.Status.Hooks) || olderThan(other, s) {
			g.busy("RestoreSession %s restores into the same target; this one begins when that has ended.", other.Name)
		}
	}
	return r.gatherBackups(ctx, g)
}

func (r *Reconciler) gatherBackups(ctx context.Context, g *gathered) error {
	s := &g.facts.Session
	var configurations corev1alpha1.BackupConfigurationList
	if err := r.Client.List(ctx, &configurations, client.InNamespace(s.Namespace)); err != nil {
		return fmt.Errorf("listing BackupConfigurations: %w", err)
	}
	same := map[string]bool{}
	for i := range configurations.Items {
		bc := &configurations.Items[i]
		if validate.SameTarget(s.Spec.Target, bc.Spec.Target, s.Namespace) {
			same[bc.Name] = true
			g.facts.Paused = append(g.facts.Paused, metav1alpha1.TypedObjectReference{
				APIGroup: corev1alpha1.GroupName, Kind: corev1alpha1.KindBackupConfiguration, Namespace: bc.Namespace, Name: bc.Name,
			})
		}
	}
	var backups corev1alpha1.BackupSessionList
	if err := r.Client.List(ctx, &backups, client.InNamespace(s.Namespace)); err != nil {
		return fmt.Errorf("listing BackupSessions: %w", err)
	}
	for i := range backups.Items {
		b := &backups.Items[i]
		reads := slices.ContainsFunc(b.Status.Snapshots, func(snapshot corev1alpha1.SnapshotStatus) bool {
			return validate.SameTarget(s.Spec.Target, snapshot.AppRef, s.Namespace)
		})
		// One whose hooks have begun has no Snapshot yet, and will read.
		reads = reads || session.Begun(b.Status) && b.Spec.Invoker != nil && same[b.Spec.Invoker.Name]
		if reads && !session.Finished(b.Status) {
			g.busy("BackupSession %s is backing the target up; the restore begins when that has ended.", b.Name)
		}
	}
	return nil
}

func olderThan(a, b *corev1alpha1.RestoreSession) bool {
	return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name)) < 0
}

// notes tell what of the target and the Snapshot doesn't match though nothing is wrong.
func (g *gathered) notes() []string {
	var out []string
	of, into := g.snapshot.Spec.AppRef, g.facts.Session.Spec.Target
	if into == nil {
		return nil
	}
	if !validate.SameTarget(&of, into, g.snapshot.Namespace) || g.snapshot.Namespace != g.facts.Session.Namespace {
		out = append(out, fmt.Sprintf("Snapshot %s/%s is of %s %s, and is restored into %s %s/%s.", g.snapshot.Namespace, g.snapshot.Name,
			of.Kind, of.Name, into.Kind, g.target.Namespace, into.Name))
	}
	parts, err := application.Parts(g.target.Application)
	if err != nil || len(g.facts.Session.Spec.DataSource.Components) > 0 {
		// Who chose components knows of the others, and an application without pods has none.
		return out
	}
	var left []string
	for _, p := range parts {
		if !slices.Contains(g.facts.Components, p.Component) {
			left = append(left, p.Component)
		}
	}
	if len(left) > 0 {
		out = append(out, fmt.Sprintf("Snapshot %s holds nothing for %s, which stays as it is.", g.snapshot.Name, strings.Join(left, ", ")))
	}
	return out
}
