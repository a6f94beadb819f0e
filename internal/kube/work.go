// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// Work is what is known of a mover Job.
type Work struct {
	Exists bool
	// Ended is true once the Job won't start another pod and its last one has ended.
	Ended bool
	// Succeeded is true when the Job is complete.
	Succeeded bool
	// Message is the last pod's termination message; empty when there is none.
	Message string
	// Failure tells in a sentence why the Job failed, for when the message doesn't.
	Failure string
	// Running is a pod that works now.
	Running *corev1.Pod
	// Waiting tells why the newest pod has not started; Since is when it was made.
	Waiting string
	Since   time.Time
	// Overdue is when the newest pod, which was told to end, should have ended at the latest, and Node is where it is;
	// zero when it wasn't told, or has ended.
	Overdue time.Time
	Node    string
}

// ReadWork reads a Job and its pods. A Job that the cache doesn't know is looked up past it, because a cache
// that is behind must not look like a Job that was deleted.
func ReadWork(ctx context.Context, cached, live client.Reader, namespace, name string) (Work, error) {
	job, found, err := Get[batchv1.Job](ctx, cached, namespace, name)
	if err == nil && !found {
		job, found, err = Get[batchv1.Job](ctx, live, namespace, name)
	}
	if err != nil || !found {
		return Work{}, err
	}
	var pods corev1.PodList
	if err := cached.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels{batchv1.JobNameLabel: name}); err != nil {
		return Work{}, fmt.Errorf("listing pods of Job %s/%s: %w", namespace, name, err)
	}
	w := workOf(job, pods.Items)
	if w.Ended && w.Message == "" {
		// Jobs and pods arrive on different watches: look again before believing that there is no report.
		if err := live.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels{batchv1.JobNameLabel: name}); err != nil {
			return Work{}, fmt.Errorf("listing pods of Job %s/%s: %w", namespace, name, err)
		}
		w = workOf(job, pods.Items)
	}
	return w, nil
}

func workOf(job *batchv1.Job, pods []corev1.Pod) Work {
	w := Work{Exists: true}
	slices.SortFunc(pods, func(a, b corev1.Pod) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	for _, c := range job.Status.Conditions {
		switch {
		case c.Status != corev1.ConditionTrue:
		case c.Type == batchv1.JobComplete:
			w.Ended, w.Succeeded = true, true
		case c.Type == batchv1.JobFailed:
			w.Ended, w.Failure = true, jobFailure(c)
		}
	}
	for i := range pods {
		w.look(&pods[i])
	}
	if w.Ended && w.Message == "" && w.Failure == "" {
		w.Failure = "its pod is gone and has left no report."
	}
	return w
}

// look takes in one pod; a later one outweighs an earlier one.
func (w *Work) look(pod *corev1.Pod) {
	w.Running, w.Waiting, w.Overdue, w.Node = nil, "", time.Time{}, ""
	if end := pod.DeletionTimestamp; end != nil && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
		w.Overdue, w.Node = end.Time, pod.Spec.NodeName
	}
	switch pod.Status.Phase {
	case corev1.PodRunning:
		w.Running = pod
	case corev1.PodPending, "":
		w.Waiting, w.Since = waitingReason(pod), pod.CreationTimestamp.Time
	}
	for _, s := range pod.Status.ContainerStatuses {
		if s.Name != metav1alpha1.ContainerKubeStash || s.State.Terminated == nil {
			continue
		}
		t := s.State.Terminated
		w.Running = nil
		w.Message = strings.TrimSpace(t.Message)
		// With these exit codes the mover's word is final, and its Job takes seconds to follow.
		w.Ended = w.Ended || w.Message != "" && (t.ExitCode == exitSucceeded || t.ExitCode == exitFailed)
		if failure := containerFailure(pod, t); failure != "" && !w.Succeeded {
			w.Failure = failure
		}
	}
	if pod.Status.Reason != "" && pod.Status.Phase == corev1.PodFailed && w.Message == "" {
		w.Failure = fmt.Sprintf("its pod was ended by Kubernetes: %s %s", pod.Status.Reason, pod.Status.Message)
	}
}

func jobFailure(c batchv1.JobCondition) string {
	switch c.Reason {
	case batchv1.JobReasonDeadlineExceeded:
		return "its Job ran into its deadline."
	case batchv1.JobReasonBackoffLimitExceeded:
		return "its pod ended again and again without a report."
	default:
		return fmt.Sprintf("its Job failed: %s: %s", c.Reason, c.Message)
	}
}

// Exit codes of the mover that end its Job, by the pod failure policy.
const (
	exitSucceeded = 0
	exitFailed    = 1
)

// exitKilled is 128 + SIGKILL: what the kernel's out-of-memory killer leaves when it got a child first.
const exitKilled = 137

func containerFailure(pod *corev1.Pod, t *corev1.ContainerStateTerminated) string {
	switch {
	case t.ExitCode == 0:
		return ""
	case t.Reason == "OOMKilled" || t.ExitCode == exitKilled && t.Message == "":
		return fmt.Sprintf("its pod was killed (exit code %d, %s) ", t.ExitCode, cmp.Or(t.Reason, "Killed")) + killer(pod)
	default:
		return fmt.Sprintf("its pod ended with exit code %d (%s) and left no report.", t.ExitCode, cmp.Or(t.Reason, "Error"))
	}
}

// killer says who may have killed a pod, and what keeps it from happening again. Where there is no limit there is none to
// raise: then it was the node that had no memory left, or somebody's hand.
func killer(pod *corev1.Pod) string {
	where := "addon.jobTemplate.spec.resources"
	if pod.Labels[metav1alpha1.LabelComponent] == metav1alpha1.JobComponentMaintenance {
		where = "maintenance.resources"
	}
	if limit, ok := pod.Spec.Containers[0].Resources.Limits[corev1.ResourceMemory]; ok {
		return fmt.Sprintf("under a memory limit of %s; if it ran out of memory, raise the limit in %s.", limit.String(), where)
	}
	return fmt.Sprintf("without a memory limit of its own: node %s ran out of memory, or somebody ended the process. "+
		"Look at the node's events; a larger memory request in %s has the pod placed where there is room.", pod.Spec.NodeName, where)
}

func waitingReason(pod *corev1.Pod) string {
	for _, s := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if s.State.Waiting != nil && s.State.Waiting.Reason != "" && s.State.Waiting.Reason != "ContainerCreating" &&
			s.State.Waiting.Reason != "PodInitializing" {
			return strings.TrimSpace(s.State.Waiting.Reason + " " + s.State.Waiting.Message)
		}
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return strings.TrimSpace(c.Reason + " " + c.Message)
		}
	}
	return "it has not been started by its node yet."
}
