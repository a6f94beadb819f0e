// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package trigger

import (
	"context"
	"errors"
	"fmt"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/kube"
)

// run makes the BackupSession of a slot, or finds the one that was made before a restart.
func (r *Reconciler) run(ctx context.Context, facts configuration.SlotFacts, on client.Object, verdict configuration.SlotVerdict) (string, error) {
	run := desired.BackupSession(facts.Invoker, verdict.Session, verdict.At)
	isSame := func(existing *corev1alpha1.BackupSession) bool { return desired.IsSameRun(existing, run) }
	made := run.DeepCopy()
	created, err := kube.Create(ctx, r.Client, r.Live, made, isSame)
	var foreign *kube.ForeignError
	if errors.As(err, &foreign) {
		made = desired.DisambiguateBackupSession(run)
		created, err = kube.Create(ctx, r.Client, r.Live, made, isSame)
	}
	if err == nil && created {
		r.tell(on, made)
	}
	return made.Name, err
}

const reasonSlotAnswered = "SlotAnswered"

// complete ends a Job as the API server wants it of whoever manages one: a start, no pod, both conditions and the
// time of completion. One write, so that a restart finds it either open or done.
func (r *Reconciler) complete(ctx context.Context, job *batchv1.Job, message string) error {
	base := job.DeepCopy()
	now := metav1.NewTime(r.Clock.Now())
	if job.Status.StartTime == nil {
		job.Status.StartTime = &now
	}
	if now.Before(job.Status.StartTime) {
		// Clocks of two machines; the API server refuses a completion before the start.
		now = *job.Status.StartTime
	}
	job.Status.CompletionTime = &now
	job.Status.Succeeded = max(job.Status.Succeeded, 1)
	for _, condition := range []batchv1.JobConditionType{batchv1.JobSuccessCriteriaMet, batchv1.JobComplete} {
		job.Status.Conditions = slices.DeleteFunc(job.Status.Conditions, func(c batchv1.JobCondition) bool { return c.Type == condition })
		job.Status.Conditions = append(job.Status.Conditions, batchv1.JobCondition{
			Type: condition, Status: corev1.ConditionTrue, LastProbeTime: now, LastTransitionTime: now,
			Reason: reasonSlotAnswered, Message: message,
		})
	}
	if err := r.Client.Status().Patch(ctx, job, client.MergeFrom(base), client.FieldOwner(kube.FieldOwner)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("completing the Job of a slot: %w", err)
	}
	return nil
}

func isFinished(job *batchv1.Job) bool {
	return slices.ContainsFunc(job.Status.Conditions, func(c batchv1.JobCondition) bool {
		return (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue
	})
}
