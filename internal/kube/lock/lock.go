// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"context"
	"fmt"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/lock"
	"kubestash.com/kubestash/internal/domain/restore"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/domain/snapshot"
)

// Place is whose repository it is about.
type Place struct {
	Namespace string
	Component string
	// Past are the Snapshots that were written into it, Repositories those that they are in.
	Past         []storagev1alpha1.Snapshot
	Repositories []storagev1alpha1.Repository
}

// EndedJobs names the Jobs that may have left a lock in the repository of a component and of which no pod works any
// more, nor will.
func EndedJobs(ctx context.Context, live client.Reader, at Place) ([]string, error) {
	facts := lock.Facts{Component: at.Component}
	var err error
	// The order matters: what is over is asked first, and what is open afterwards, so that nobody starts in between.
	if facts.Backups, err = backups(ctx, live, at.Namespace, at.Past); err != nil {
		return nil, err
	}
	if facts.Restores, err = restores(ctx, live, at.Namespace); err != nil {
		return nil, err
	}
	for _, r := range at.Repositories {
		if r.Status.Maintenance != nil {
			facts.Maintenance = append(facts.Maintenance, r.Status.Maintenance.Job)
		}
	}
	if len(facts.Backups)+len(facts.Restores)+len(facts.Maintenance) == 0 {
		return nil, nil
	}
	facts.Open, err = open(ctx, live, at.Namespace)
	return lock.Ended(facts), err
}

func backups(ctx context.Context, live client.Reader, namespace string, past []storagev1alpha1.Snapshot) ([]lock.Run, error) {
	if len(past) == 0 {
		return nil, nil
	}
	var sessions corev1alpha1.BackupSessionList
	if err := live.List(ctx, &sessions, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("listing BackupSessions: %w", err)
	}
	goesOn := map[string]bool{}
	for _, s := range sessions.Items {
		goesOn[s.Name] = !session.Finished(s.Status)
	}
	var out []lock.Run
	for _, s := range past {
		out = append(out, lock.Run{
			Session: s.Spec.BackupSession, Target: s.Annotations[metav1alpha1.AnnotationTarget], Components: len(s.Status.Components),
			Worked: snapshot.Completed(s.Status) || snapshot.Worked(s.Status), Over: !goesOn[s.Spec.BackupSession],
		})
	}
	return out, nil
}

func restores(ctx context.Context, live client.Reader, namespace string) ([]lock.Run, error) {
	var list corev1alpha1.RestoreSessionList
	if err := live.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("listing RestoreSessions: %w", err)
	}
	var out []lock.Run
	for _, s := range list.Items {
		out = append(out, lock.Run{Session: s.Name, Components: len(s.Status.Components), Over: restore.Finished(s.Status)})
	}
	return out, nil
}

// open are the Jobs that have not ended, and those of which a pod is left that has not.
func open(ctx context.Context, live client.Reader, namespace string) (map[string]bool, error) {
	ours := []client.ListOption{
		client.InNamespace(namespace), client.MatchingLabels{metav1alpha1.LabelManagedBy: metav1alpha1.ManagedByKubeStash},
	}
	var jobs batchv1.JobList
	if err := live.List(ctx, &jobs, ours...); err != nil {
		return nil, fmt.Errorf("listing Jobs: %w", err)
	}
	out := map[string]bool{}
	for _, job := range jobs.Items {
		ended := slices.ContainsFunc(job.Status.Conditions, func(c batchv1.JobCondition) bool {
			return (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue
		})
		if !ended && job.DeletionTimestamp.IsZero() {
			out[job.Name] = true
		}
	}
	var pods corev1.PodList
	if err := live.List(ctx, &pods, ours...); err != nil {
		return nil, fmt.Errorf("listing pods: %w", err)
	}
	for _, pod := range pods.Items {
		if pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
			out[pod.Labels[batchv1.JobNameLabel]] = true
		}
	}
	return out, nil
}
