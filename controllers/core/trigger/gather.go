// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package trigger

import (
	"context"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/kube"
)

// gather reads the BackupConfiguration that a slot is for. The annotations alone are not believed: whoever may
// create Jobs could name any. The CronJob that owns the Job must be owned by that very BackupConfiguration.
func (r *Reconciler) gather(ctx context.Context, job *batchv1.Job) (configuration.SlotFacts, error) {
	facts := configuration.SlotFacts{
		Created: job.CreationTimestamp.Time,
		Session: job.Annotations[desired.AnnotationSession],
	}
	if at, err := time.Parse(time.RFC3339, job.Annotations[batchv1.CronJobScheduledTimestampAnnotation]); err == nil {
		facts.Scheduled = at
	}
	owner := metav1.GetControllerOf(job)
	if owner == nil || owner.Kind != "CronJob" {
		return facts, nil
	}
	cronJob, found, err := read[batchv1.CronJob](ctx, r, job.Namespace, owner.Name)
	if err != nil || !found || cronJob.UID != owner.UID {
		return facts, err
	}
	bc, found, err := read[corev1alpha1.BackupConfiguration](ctx, r, job.Namespace, job.Annotations[desired.AnnotationInvoker])
	if err != nil || !found || !metav1.IsControlledBy(cronJob, bc) {
		return facts, err
	}
	facts.Configuration = bc
	return facts, nil
}

// read looks into the cache, and past it before it says that something is gone: the caches of two kinds don't keep
// step, and a slot must not be lost to that.
func read[T any, P kube.Object[T]](ctx context.Context, r *Reconciler, namespace, name string) (P, bool, error) {
	obj, found, err := kube.Get[T, P](ctx, r.Client, namespace, name)
	if err != nil || found {
		return obj, found, err
	}
	return kube.Get[T, P](ctx, r.Live, namespace, name)
}
