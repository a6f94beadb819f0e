// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restoresession

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/kube/lock"
)

// endedJobs names the Jobs of earlier runs whose locks in the repository of a component are stale. A pod that died while
// it forgot something has left a lock that nobody reads past.
func (r *Reconciler) endedJobs(ctx context.Context, g *gathered, component string) ([]string, error) {
	of := g.snapshot.Spec
	var list storagev1alpha1.SnapshotList
	if err := r.Client.List(ctx, &list, client.InNamespace(g.snapshot.Namespace),
		client.MatchingLabels{metav1alpha1.LabelRepoName: naming.LabelValue(of.Repository)}); err != nil {
		return nil, fmt.Errorf("listing Snapshots of Repository %s: %w", of.Repository, err)
	}
	at := lock.Place{
		Namespace: g.snapshot.Namespace, Component: component,
		Repositories: []storagev1alpha1.Repository{*g.repository.Repository},
	}
	for _, s := range list.Items {
		if s.Spec.Repository == of.Repository && s.Spec.Session == of.Session {
			at.Past = append(at.Past, s)
		}
	}
	return lock.EndedJobs(ctx, r.Live, at)
}
