// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package trigger

import (
	"cmp"
	"context"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/domain/invoker"
)

// gather reads the invoker that a slot is for; the object is the same, for events. The annotations alone are not
// believed: whoever may create Jobs could name any. The CronJob that owns the Job must be owned by that very object.
func (r *Reconciler) gather(ctx context.Context, job *batchv1.Job) (configuration.SlotFacts, client.Object, error) {
	facts := configuration.SlotFacts{
		Created: job.CreationTimestamp.Time,
		Kind:    cmp.Or(job.Labels[metav1alpha1.LabelInvokerKind], corev1alpha1.KindBackupConfiguration),
		Session: job.Annotations[desired.AnnotationSession],
		Now:     r.Clock.Now(), Scheduled: scheduled(job),
	}
	owner := metav1.GetControllerOf(job)
	if owner == nil || owner.Kind != "CronJob" {
		return facts, nil, nil
	}
	cronJob, found, err := r.cronJob(ctx, job.Namespace, owner.Name)
	if err != nil || !found || cronJob.UID != owner.UID {
		return facts, nil, err
	}
	obj, found, err := r.invoker(ctx, facts.Kind, job.Namespace, job.Annotations[desired.AnnotationInvoker])
	if err != nil || !found || !metav1.IsControlledBy(cronJob, obj) {
		return facts, nil, err
	}
	facts.Invoker = invoker.Of(obj)
	return facts, obj, r.gatherOpen(ctx, job, owner, &facts)
}

// gatherOpen finds the other slots of the same CronJob that wait for an answer.
func (r *Reconciler) gatherOpen(ctx context.Context, job *batchv1.Job, owner *metav1.OwnerReference, facts *configuration.SlotFacts) error {
	var list batchv1.JobList
	labels := client.MatchingLabels{metav1alpha1.LabelSessionName: job.Labels[metav1alpha1.LabelSessionName]}
	if err := r.Client.List(ctx, &list, client.InNamespace(job.Namespace), labels); err != nil {
		return fmt.Errorf("listing Jobs of slots: %w", err)
	}
	for i := range list.Items {
		other := &list.Items[i]
		theirs := metav1.GetControllerOf(other)
		if other.Name != job.Name && theirs != nil && theirs.UID == owner.UID && isOpenSlot(other) {
			facts.Open = append(facts.Open, configuration.SlotTime(scheduled(other), other.CreationTimestamp.Time))
		}
	}
	return nil
}

// scheduled is the time that the CronJob controller wrote on the Job; zero when it didn't make it.
func scheduled(job *batchv1.Job) time.Time {
	at, err := time.Parse(time.RFC3339, job.Annotations[batchv1.CronJobScheduledTimestampAnnotation])
	if err != nil {
		return time.Time{}
	}
	return at
}

func (r *Reconciler) invoker(ctx context.Context, kind, namespace, name string) (client.Object, bool, error) {
	obj := client.Object(&corev1alpha1.BackupConfiguration{})
	if kind == corev1alpha1.KindBackupBatch {
		obj = &corev1alpha1.BackupBatch{}
	}
	found, err := r.read(ctx, namespace, name, obj)
	return obj, found, err
}

// cronJob reads who owns a CronJob. The cache holds no more of it.
func (r *Reconciler) cronJob(ctx context.Context, namespace, name string) (*metav1.PartialObjectMetadata, bool, error) {
	cronJob := &metav1.PartialObjectMetadata{}
	cronJob.SetGroupVersionKind(batchv1.SchemeGroupVersion.WithKind("CronJob"))
	found, err := r.read(ctx, namespace, name, cronJob)
	return cronJob, found, err
}

// read looks into the cache, and past it before it says that something is gone: the caches of two kinds don't keep
// step, and a slot must not be lost to that.
func (r *Reconciler) read(ctx context.Context, namespace, name string, obj client.Object) (bool, error) {
	for _, reader := range []client.Reader{r.Client, r.Live} {
		err := reader.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, obj)
		if err == nil {
			return true, nil
		}
		if !apierrors.IsNotFound(err) {
			return false, fmt.Errorf("reading %T %s/%s: %w", obj, namespace, name, err)
		}
	}
	return false, nil
}
