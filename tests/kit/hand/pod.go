// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hand

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/task"
)

// TaskOf returns the Task that the pod of a Job would find mounted.
func (d *Driver) TaskOf(ctx context.Context, job *batchv1.Job) (task.Task, error) {
	var t task.Task
	for _, v := range job.Spec.Template.Spec.Volumes {
		if v.Secret == nil {
			continue
		}
		items := v.Secret.Items
		if len(items) == 0 {
			// Every key is a file of its own name then.
			items = []corev1.KeyToPath{{Key: task.FileName, Path: task.FileName}}
		}
		for _, item := range items {
			if item.Path != task.FileName {
				continue
			}
			var secret corev1.Secret
			key := client.ObjectKey{Namespace: job.Namespace, Name: v.Secret.SecretName}
			if err := d.Client.Get(ctx, key, &secret); err != nil {
				return t, fmt.Errorf("reading the Task of Job %s: %w", job.Name, err)
			}
			if err := json.Unmarshal(secret.Data[item.Key], &t); err != nil {
				return t, fmt.Errorf("decoding the Task of Job %s: %w", job.Name, err)
			}
			return t, nil
		}
	}
	return t, fmt.Errorf("reading the Task of Job %s: no volume holds one", job.Name)
}

// StartPod makes the pod of a Job, running, as the Job controller and a kubelet would.
func (d *Driver) StartPod(ctx context.Context, job *batchv1.Job) (*corev1.Pod, error) {
	labels := map[string]string{batchv1.JobNameLabel: job.Name, batchv1.ControllerUidLabel: string(job.UID)}
	for key, value := range job.Spec.Template.Labels {
		labels[key] = value
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: job.Namespace, GenerateName: strings.TrimSuffix(job.Name[:min(len(job.Name), 50)], "-") + "-", Labels: labels,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job"))},
		},
		Spec: *job.Spec.Template.Spec.DeepCopy(),
	}
	if err := d.Client.Create(ctx, pod); err != nil {
		return nil, fmt.Errorf("making the pod of Job %s: %w", job.Name, err)
	}
	pod.Status.Phase = corev1.PodRunning
	if err := d.Client.Status().Update(ctx, pod); err != nil {
		return nil, fmt.Errorf("starting the pod of Job %s: %w", job.Name, err)
	}
	job.Status.StartTime = ptr.To(metav1.NewTime(pod.CreationTimestamp.Time))
	job.Status.Active = 1
	if err := d.Client.Status().Update(ctx, job); err != nil {
		return nil, fmt.Errorf("starting Job %s: %w", job.Name, err)
	}
	return pod, nil
}

// EndPod ends a pod with a Report, and its Job with it. A Report that did not succeed leaves exit code 1, which the
// Job takes as final.
func (d *Driver) EndPod(ctx context.Context, job *batchv1.Job, pod *corev1.Pod, report task.Report) error {
	message, err := task.EncodeReport(report)
	if err != nil {
		return err
	}
	code := int32(0)
	if !report.Succeeded {
		code = 1
	}
	return d.EndPodWith(ctx, job, pod, code, message)
}

// EndPodWith ends a pod, and its Job with it, with any exit code and any last words.
func (d *Driver) EndPodWith(ctx context.Context, job *batchv1.Job, pod *corev1.Pod, code int32, message string) error {
	pod.Status.Phase = corev1.PodSucceeded
	reason := "Completed"
	if code != 0 {
		pod.Status.Phase, reason = corev1.PodFailed, "Error"
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: metav1alpha1.ContainerKubeStash, Image: MoverImage,
		State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, Message: message}},
	}}
	if err := d.Client.Status().Update(ctx, pod); err != nil {
		return fmt.Errorf("ending pod %s: %w", pod.Name, err)
	}
	return d.endJob(ctx, job, code == 0)
}

// endJob walks the Job through the conditions that the API server wants to see one after the other.
func (d *Driver) endJob(ctx context.Context, job *batchv1.Job, succeeded bool) error {
	now := metav1.NewTime(job.Status.StartTime.Add(time.Second))
	first, last := batchv1.JobSuccessCriteriaMet, batchv1.JobComplete
	reason := batchv1.JobReasonCompletionsReached
	if !succeeded {
		first, last, reason = batchv1.JobFailureTarget, batchv1.JobFailed, batchv1.JobReasonPodFailurePolicy
	}
	job.Status.Active = 0
	for _, t := range []batchv1.JobConditionType{first, last} {
		job.Status.Conditions = append(job.Status.Conditions, batchv1.JobCondition{
			Type: t, Status: corev1.ConditionTrue, Reason: reason, LastTransitionTime: now, LastProbeTime: now,
		})
		switch t {
		case batchv1.JobComplete:
			job.Status.CompletionTime, job.Status.Succeeded = &now, 1
		case batchv1.JobFailed:
			job.Status.Failed = 1
		}
		if err := d.Client.Status().Update(ctx, job); err != nil {
			return fmt.Errorf("ending Job %s with %s: %w", job.Name, t, err)
		}
	}
	return nil
}
