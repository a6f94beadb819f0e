// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

func TestWorkOf(t *testing.T) {
	began := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	pod := func(name string, after time.Duration, phase corev1.PodPhase, state corev1.ContainerState) corev1.Pod {
		return corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(began.Add(after))},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{
				Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")}},
			}}},
			Status: corev1.PodStatus{
				Phase:             phase,
				ContainerStatuses: []corev1.ContainerStatus{{Name: metav1alpha1.ContainerKubeStash, State: state}},
			},
		}
	}
	without := func(p corev1.Pod) corev1.Pod {
		p.Spec.NodeName, p.Spec.Containers[0].Resources.Limits = "n1", nil
		return p
	}
	ended := func(code int32, reason, message string) corev1.ContainerState {
		return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, Message: message}}
	}
	waits := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "no such image"}}
	job := func(conditions ...batchv1.JobCondition) *batchv1.Job {
		return &batchv1.Job{Status: batchv1.JobStatus{Conditions: conditions}}
	}
	isTrue := func(kind batchv1.JobConditionType, reason string) batchv1.JobCondition {
		return batchv1.JobCondition{Type: kind, Status: corev1.ConditionTrue, Reason: reason}
	}
	for name, tc := range map[string]struct {
		job         *batchv1.Job
		pods        []corev1.Pod
		wantEnded   bool
		wantMessage string
		wantFailure string
		wantRunning string
		wantWaiting string
	}{
		"a Job without a pod yet has not ended": {job: job()},
		"a pod that runs": {
			job: job(), pods: []corev1.Pod{pod("a", 0, corev1.PodRunning, corev1.ContainerState{})}, wantRunning: "a",
		},
		"a pod that can't start says why": {
			job: job(), pods: []corev1.Pod{pod("a", 0, corev1.PodPending, waits)}, wantWaiting: "ImagePullBackOff no such image",
		},
		"a complete Job and its report": {
			job: job(isTrue(batchv1.JobComplete, "")), pods: []corev1.Pod{pod("a", 0, corev1.PodSucceeded, ended(0, "Completed", "{}"))},
			wantEnded: true, wantMessage: "{}",
		},
		"a report is final although the Job has not followed yet": {
			job: job(), pods: []corev1.Pod{pod("a", 0, corev1.PodSucceeded, ended(0, "Completed", "{}"))}, wantEnded: true, wantMessage: "{}",
		},
		"the report of a pod that was interrupted is not": {
			job: job(), pods: []corev1.Pod{pod("a", 0, corev1.PodFailed, ended(143, "Error", "{}"))}, wantMessage: "{}",
		},
		"the report of the last pod counts, whatever the order": {
			job: job(isTrue(batchv1.JobComplete, "")),
			pods: []corev1.Pod{
				pod("b", time.Minute, corev1.PodSucceeded, ended(0, "Completed", "second")),
				pod("a", 0, corev1.PodFailed, ended(130, "Error", "first")),
			},
			wantEnded: true, wantMessage: "second",
		},
		"a replacement that runs outweighs a pod that failed": {
			job: job(),
			pods: []corev1.Pod{
				pod("a", 0, corev1.PodFailed, ended(130, "Error", "interrupted")), pod("b", time.Minute, corev1.PodRunning, corev1.ContainerState{}),
			},
			wantMessage: "interrupted", wantRunning: "b",
		},
		"a pod that was killed for its memory says under which limit": {
			job:       job(isTrue(batchv1.JobFailed, batchv1.JobReasonBackoffLimitExceeded)),
			pods:      []corev1.Pod{pod("a", 0, corev1.PodFailed, ended(137, "OOMKilled", ""))},
			wantEnded: true, wantFailure: "a memory limit of 64Mi",
		},
		"a pod that was killed without a limit says who may have done it, and nothing of a limit": {
			job:  job(isTrue(batchv1.JobFailed, batchv1.JobReasonBackoffLimitExceeded)),
			pods: []corev1.Pod{without(pod("a", 0, corev1.PodFailed, ended(137, "Error", "")))}, wantEnded: true,
			wantFailure: "its pod was killed (exit code 137, Error) without a memory limit of its own: node n1 ran out of memory, or somebody " +
				"ended the process. Look at the node's events; a larger memory request in addon.jobTemplate.spec.resources has the pod placed " +
				"where there is room.",
		},
		"a Job that ran into its deadline": {
			job: job(isTrue(batchv1.JobFailed, batchv1.JobReasonDeadlineExceeded)), wantEnded: true, wantFailure: "deadline",
		},
		"a complete Job whose pods are gone is no success": {
			job: job(isTrue(batchv1.JobComplete, "")), wantEnded: true, wantFailure: "gone",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := workOf(tc.job, tc.pods)
			running := ""
			if got.Running != nil {
				running = got.Running.Name
			}
			if got.Ended != tc.wantEnded || got.Message != tc.wantMessage || running != tc.wantRunning || got.Waiting != tc.wantWaiting {
				t.Errorf("got ended %t, message %q, running %q, waiting %q; want %t, %q, %q, %q",
					got.Ended, got.Message, running, got.Waiting, tc.wantEnded, tc.wantMessage, tc.wantRunning, tc.wantWaiting)
			}
			if !strings.Contains(got.Failure, tc.wantFailure) || (tc.wantFailure == "") != (got.Failure == "" || !tc.wantEnded) {
				t.Errorf("got failure %q, want one with %q", got.Failure, tc.wantFailure)
			}
		})
	}
}
