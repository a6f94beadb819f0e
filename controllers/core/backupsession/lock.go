// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"context"
	"fmt"
	"maps"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/restore"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/domain/snapshot"
)

// endedJobs names the Jobs that may have left a lock in the repositories and of which no pod works any more: of
// earlier backups of this session, of restores, and the last maintenance. A lock that one of their pods holds is stale.
// That a pod has ended is asked of the API server, not of a cache: removing a live lock loses data. No name of a Job comes
// twice, so one that starts after this look isn't meant.
func (r *Reconciler) endedJobs(
	ctx context.Context, s *corev1alpha1.BackupSession, g *gathered, u *session.Unit, component string,
) ([]string, error) {
	jobs := map[string]bool{}
	for _, repo := range u.Repositories {
		if p, ok := g.places[repo.Name]; ok && p.repository.Status.Maintenance != nil {
			jobs[p.repository.Status.Maintenance.Job] = true
		}
		for _, past := range repo.Past {
			if snapshot.Completed(past.Status) || snapshot.Worked(past.Status) {
				jobs[naming.TargetJob(past.Spec.BackupSession, u.Target, component, len(past.Status.Components))] = true
			}
		}
	}
	var restores corev1alpha1.RestoreSessionList
	if err := r.Client.List(ctx, &restores, client.InNamespace(s.Namespace)); err != nil {
		return nil, fmt.Errorf("listing RestoreSessions: %w", err)
	}
	for _, item := range restores.Items {
		if restore.Finished(item.Status) {
			jobs[naming.RestoreJob(item.Name, component, len(item.Status.Components))] = true
		}
	}
	delete(jobs, "")
	if len(jobs) == 0 {
		return nil, nil
	}
	var pods corev1.PodList
	if err := r.Live.List(ctx, &pods, client.InNamespace(s.Namespace),
		client.MatchingLabels{metav1alpha1.LabelManagedBy: metav1alpha1.ManagedByKubeStash}); err != nil {
		return nil, fmt.Errorf("listing pods: %w", err)
	}
	for _, pod := range pods.Items {
		if pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
			delete(jobs, pod.Labels[batchv1.JobNameLabel])
		}
	}
	return slices.Sorted(maps.Keys(jobs)), nil
}
