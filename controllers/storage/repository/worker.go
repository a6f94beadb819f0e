// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

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
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/restore"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/kube/store"
)

// workers names the backups and restores that work on a Repository, or are about to: sessions that have not finished,
// and those that are gone while their pods still end.
func (r *Reconciler) workers(
	ctx context.Context, reader client.Reader, repo *storagev1alpha1.Repository, snapshots []storagev1alpha1.Snapshot,
) ([]string, error) {
	names := map[string]bool{}
	var backups corev1alpha1.BackupSessionList
	if err := reader.List(ctx, &backups, client.InNamespace(repo.Namespace)); err != nil {
		return nil, fmt.Errorf("listing BackupSessions: %w", err)
	}
	unfinished := map[string]bool{}
	for i := range backups.Items {
		s := &backups.Items[i]
		if session.Finished(s.Status) {
			continue
		}
		unfinished[s.Name] = true
		if len(s.Status.Snapshots) == 0 && session.Begun(s.Status) {
			// Its hooks may hold the application still; whereto it backs up will be known in a moment.
			names["BackupSession "+s.Name] = true
		}
		if slices.ContainsFunc(s.Status.Snapshots, func(i corev1alpha1.SnapshotStatus) bool { return i.Repository == repo.Name }) {
			names["BackupSession "+s.Name] = true
		}
	}
	// A session makes its Snapshots before its status tells of them.
	made := snapshots
	if reader != r.Client {
		var list storagev1alpha1.SnapshotList
		if err := reader.List(ctx, &list, client.InNamespace(repo.Namespace),
			client.MatchingLabels{metav1alpha1.LabelRepoName: naming.LabelValue(repo.Name)}); err != nil {
			return nil, fmt.Errorf("listing Snapshots: %w", err)
		}
		made = list.Items
	}
	runs := map[string]string{}
	for i := range made {
		run := made[i].Spec.BackupSession
		runs[naming.LabelValue(run)] = run
		if unfinished[run] {
			names["BackupSession "+run] = true
		}
	}
	if err := r.podsOf(ctx, repo, runs, names); err != nil {
		return nil, err
	}
	var restores corev1alpha1.RestoreSessionList
	if err := reader.List(ctx, &restores); err != nil {
		return nil, fmt.Errorf("listing RestoreSessions: %w", err)
	}
	for i := range restores.Items {
		s := &restores.Items[i]
		if !restore.Finished(s.Status) && session.Reads(s, repo, snapshots) {
			names["RestoreSession "+s.Namespace+"/"+s.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// podsOf adds the sessions whose pods have not ended; runs are their names by label.
func (r *Reconciler) podsOf(ctx context.Context, repo *storagev1alpha1.Repository, runs map[string]string, names map[string]bool) error {
	pods, err := r.livePods(ctx, repo.Namespace)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		run, ours := runs[pod.Labels[metav1alpha1.LabelInvokerName]]
		switch pod.Labels[metav1alpha1.LabelComponent] {
		case metav1alpha1.JobComponentBackup, metav1alpha1.JobComponentRetentionPolicy:
			if ours {
				names["BackupSession "+run] = true
			}
		}
	}
	return nil
}

// livePods are those of ours that have not ended, asked of the API server.
func (r *Reconciler) livePods(ctx context.Context, namespace string) ([]corev1.Pod, error) {
	var pods corev1.PodList
	if err := r.Live.List(ctx, &pods, client.InNamespace(namespace),
		client.MatchingLabels{metav1alpha1.LabelManagedBy: metav1alpha1.ManagedByKubeStash}); err != nil {
		return nil, fmt.Errorf("listing pods: %w", err)
	}
	return slices.DeleteFunc(pods.Items, func(p corev1.Pod) bool {
		return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
	}), nil
}

// endedJobs names the Jobs that may have left a lock in the Repository and of which no pod works any more. No name of a
// Job comes twice, so one that starts after this look isn't meant.
func (r *Reconciler) endedJobs(ctx context.Context, repo *storagev1alpha1.Repository, snapshots []storagev1alpha1.Snapshot) ([]string, error) {
	jobs := map[string]bool{}
	if m := repo.Status.Maintenance; m != nil && m.Job != "" {
		jobs[m.Job] = true
	}
	for i := range snapshots {
		s := &snapshots[i]
		target := s.Annotations[metav1alpha1.AnnotationTarget]
		if len(s.Status.Components) > 1 {
			jobs[naming.TargetRetentionPolicyJob(s.Spec.BackupSession, target)] = true
		}
		for component := range s.Status.Components {
			jobs[naming.TargetJob(s.Spec.BackupSession, target, component, len(s.Status.Components))] = true
		}
	}
	var restores corev1alpha1.RestoreSessionList
	if err := r.Client.List(ctx, &restores, client.InNamespace(repo.Namespace)); err != nil {
		return nil, fmt.Errorf("listing RestoreSessions: %w", err)
	}
	for _, s := range restores.Items {
		for component := range s.Status.Components {
			jobs[naming.RestoreJob(s.Name, component, len(s.Status.Components))] = true
		}
	}
	pods, err := r.livePods(ctx, repo.Namespace)
	if err != nil {
		return nil, err
	}
	for _, pod := range pods {
		delete(jobs, pod.Labels[batchv1.JobNameLabel])
	}
	return slices.Sorted(maps.Keys(jobs)), nil
}

// atWork counts the maintenance Jobs of other Repositories of the same storage, and looks for one of this Repository.
func (r *Reconciler) atWork(ctx context.Context, repo *storagev1alpha1.Repository) (others int, own bool, err error) {
	var list batchv1.JobList
	if err := r.Live.List(ctx, &list, client.MatchingLabels{
		metav1alpha1.LabelComponent: metav1alpha1.JobComponentMaintenance, metav1alpha1.LabelStorage: desired.StorageLabel(repo),
	}); err != nil {
		return 0, false, fmt.Errorf("listing maintenance Jobs: %w", err)
	}
	for i := range list.Items {
		job := &list.Items[i]
		switch {
		case store.HasEnded(job):
		case job.Namespace == repo.Namespace && job.Labels[metav1alpha1.LabelRepoName] == naming.LabelValue(repo.Name):
			own = true
		default:
			others++
		}
	}
	return others, own, nil
}
