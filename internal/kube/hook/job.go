// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"context"
	"fmt"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubestash.com/kubestash/internal/domain/hook"
	"kubestash.com/kubestash/internal/domain/redact"
	"kubestash.com/kubestash/internal/kube"
)

// job tells what became of a Function. A Job that isn't there is an attempt that was not made.
func (h *Hooks) job(ctx context.Context, owner client.Object, name string) (hook.Attempt, error) {
	job, found, err := kube.Get[batchv1.Job](ctx, h.Client, owner.GetNamespace(), name)
	if err == nil && !found {
		// A cache that is behind must not look like a Job that was deleted.
		job, found, err = kube.Get[batchv1.Job](ctx, h.Live, owner.GetNamespace(), name)
	}
	if err != nil || !found || !metav1.IsControlledBy(job, owner) {
		return hook.Attempt{}, err
	}
	for _, c := range job.Status.Conditions {
		switch {
		case c.Status != corev1.ConditionTrue:
		case c.Type == batchv1.JobComplete:
			return hook.Attempt{Known: true, Ended: true}, nil
		case c.Type == batchv1.JobFailed:
			why, err := h.failure(ctx, job, c)
			return hook.Attempt{Known: true, Ended: true, Error: why}, err
		}
	}
	return hook.Attempt{Known: true}, nil
}

// failure is told by the pod, if it's still there.
func (h *Hooks) failure(ctx context.Context, job *batchv1.Job, c batchv1.JobCondition) (string, error) {
	if c.Reason == batchv1.JobReasonDeadlineExceeded {
		return fmt.Sprintf("Job %s did not end within its timeout of %ds.", job.Name, *job.Spec.ActiveDeadlineSeconds), nil
	}
	var pods corev1.PodList
	if err := h.Live.List(ctx, &pods, client.InNamespace(job.Namespace), client.MatchingLabels{batchv1.JobNameLabel: job.Name}); err != nil {
		return "", fmt.Errorf("listing pods of Job %s: %w", job.Name, err)
	}
	text := fmt.Sprintf("Job %s failed: %s", job.Name, c.Message)
	for _, p := range pods.Items {
		for _, s := range p.Status.ContainerStatuses {
			if t := s.State.Terminated; t != nil && t.ExitCode != 0 {
				text = fmt.Sprintf("Job %s: its pod ended with exit code %d", job.Name, t.ExitCode)
				if message := strings.TrimSpace(t.Message); message != "" {
					text += ": " + message
				}
			}
		}
	}
	return strings.TrimSuffix(redact.New().Bounded(text, maxMessage, true), ".") + ".", nil
}
