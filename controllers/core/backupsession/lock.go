// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"context"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/kube/lock"
)

// endedJobs names the Jobs of earlier runs whose locks in the repositories of a component are stale.
func (r *Reconciler) endedJobs(
	ctx context.Context, s *corev1alpha1.BackupSession, g *gathered, u *session.Unit, component string,
) ([]string, error) {
	at := lock.Place{Namespace: s.Namespace, Component: component}
	for _, repo := range u.Repositories {
		at.Past = append(at.Past, repo.Past...)
		if p, ok := g.places[repo.Name]; ok {
			at.Repositories = append(at.Repositories, *p.repository)
		}
	}
	return lock.EndedJobs(ctx, r.Live, at)
}
