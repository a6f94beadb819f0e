// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/restore"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/validate"
)

// gatherRestores finds a restore into the target that has not ended: what a backup would read now is neither the old
// data nor the new. It may be told by the target, or by a claim that both mount.
func (r *Reconciler) gatherRestores(ctx context.Context, g *gathered, u *session.Unit, p *plan) error {
	s := &g.facts.Session
	if session.Begun(s.Status) {
		return nil // restores wait for it
	}
	var list corev1alpha1.RestoreSessionList
	if err := r.Client.List(ctx, &list, client.InNamespace(s.Namespace)); err != nil {
		return fmt.Errorf("listing RestoreSessions: %w", err)
	}
	over := map[string]bool{}
	for i := range list.Items {
		other := &list.Items[i]
		over[naming.LabelValue(other.Name)] = restore.Finished(other.Status)
		if !restore.Finished(other.Status) && other.DeletionTimestamp.IsZero() &&
			validate.SameTarget(u.AppRef, other.Spec.Target, s.Namespace) {
			u.Restoring = fmt.Sprintf("RestoreSession %s restores into the target", other.Name)
			return nil
		}
	}
	var claims []string
	for _, c := range p.components {
		claims = append(claims, c.Data.Claims...)
	}
	movers, err := kube.MoversOnClaims(ctx, r.Client, s.Namespace, claims)
	for _, m := range movers {
		// A pod's report ends its session some seconds before its Job is told to be complete.
		if m.Component == metav1alpha1.JobComponentRestore && !over[m.Invoker] {
			u.Restoring = fmt.Sprintf("RestoreSession %s restores into PersistentVolumeClaim %s", m.Invoker, m.Claim)
		}
	}
	return err
}
