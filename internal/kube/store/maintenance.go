// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/naming"
)

// maintenanceEnd is how long after its deadline a maintenance may still hold its lock.
const maintenanceEnd = 2 * time.Minute

// MaintenanceJob finds the newest maintenance Job of a Repository; nil when there is none.
func MaintenanceJob(ctx context.Context, r client.Reader, repo *storagev1alpha1.Repository) (*batchv1.Job, error) {
	var list batchv1.JobList
	if err := r.List(ctx, &list, client.InNamespace(repo.Namespace), client.MatchingLabels{
		metav1alpha1.LabelComponent: metav1alpha1.JobComponentMaintenance, metav1alpha1.LabelRepoName: naming.LabelValue(repo.Name),
	}); err != nil {
		return nil, fmt.Errorf("listing maintenance Jobs of Repository %s/%s: %w", repo.Namespace, repo.Name, err)
	}
	var newest *batchv1.Job
	for i := range list.Items {
		job := &list.Items[i]
		if metav1.IsControlledBy(job, repo) && (newest == nil || newest.CreationTimestamp.Before(&job.CreationTimestamp) ||
			newest.CreationTimestamp.Equal(&job.CreationTimestamp) && newest.Name < job.Name) {
			newest = job
		}
	}
	return newest, nil
}

// HasEnded is true once a Job won't start another pod.
func HasEnded(job *batchv1.Job) bool {
	for _, c := range job.Status.Conditions {
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}

// Maintained reports whether a maintenance of the Repository is at work, and for how long it may still hold the lock that
// everybody else has to wait for; nil when none is.
func Maintained(ctx context.Context, r client.Reader, repo *storagev1alpha1.Repository, now time.Time) (*metav1.Duration, error) {
	job, err := MaintenanceJob(ctx, r, repo)
	if err != nil || job == nil || HasEnded(job) {
		return nil, err
	}
	end := job.CreationTimestamp.Add(maintenanceEnd)
	if s := job.Spec.ActiveDeadlineSeconds; s != nil {
		end = end.Add(time.Duration(*s) * time.Second)
	}
	return &metav1.Duration{Duration: max(end.Sub(now), maintenanceEnd).Round(time.Second)}, nil
}
