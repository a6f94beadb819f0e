// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/naming"
)

// slotImage can't be pulled: names under .invalid never resolve. The API server wants a pod template in every
// Job, and a slot's Job starts no pod.
const slotImage = "none.invalid/starts-no-pod"

// What Kubernetes means when a CronJob doesn't say how many Jobs to keep. They are written out, so that a field
// which the user has emptied goes back.
const (
	successfulJobsHistory = 3
	failedJobsHistory     = 1
)

// Trigger is the CronJob that marks the slots of one session. The schedule is resolved: it has no H.
func Trigger(of *invoker.Invoker, session *corev1alpha1.SessionConfig, schedule string, suspend bool) *batchv1.CronJob {
	scheduler := session.Scheduler
	labels := map[string]string{
		metav1alpha1.LabelManagedBy:        metav1alpha1.ManagedByKubeStash,
		metav1alpha1.LabelInvokerKind:      of.Kind,
		metav1alpha1.LabelInvokerName:      naming.LabelValue(of.Name),
		metav1alpha1.LabelInvokerNamespace: of.Namespace,
		metav1alpha1.LabelSessionName:      naming.LabelValue(session.Name),
	}
	concurrency := scheduler.ConcurrencyPolicy
	if concurrency == "" {
		concurrency = batchv1.AllowConcurrent
	}
	return &batchv1.CronJob{
		ObjectMeta: metav1.ObjectMeta{
			Name:      naming.CronJob(of.Name, session.Name),
			Namespace: of.Namespace,
			Labels:    labels,
			// Labels hold at most 63 bytes, so the whole name of the session is here.
			Annotations:     map[string]string{AnnotationSession: session.Name},
			OwnerReferences: []metav1.OwnerReference{of.Owner()},
		},
		Spec: batchv1.CronJobSpec{
			Schedule:                   schedule,
			TimeZone:                   timeZone(scheduler.TimeZone),
			StartingDeadlineSeconds:    scheduler.StartingDeadlineSeconds,
			ConcurrencyPolicy:          concurrency,
			Suspend:                    ptr.To(suspend),
			SuccessfulJobsHistoryLimit: ptr.To(ptr.Deref(scheduler.SuccessfulJobsHistoryLimit, successfulJobsHistory)),
			FailedJobsHistoryLimit:     ptr.To(ptr.Deref(scheduler.FailedJobsHistoryLimit, failedJobsHistory)),
			JobTemplate: batchv1.JobTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{
					Labels:      labels,
					Annotations: map[string]string{AnnotationSession: session.Name, AnnotationInvoker: of.Name},
				},
				Spec: batchv1.JobSpec{
					ManagedBy:               ptr.To(metav1alpha1.JobManagedBy),
					TTLSecondsAfterFinished: scheduler.JobTemplate.TTLSecondsAfterFinished,
					Template:                slotPod(labels),
				},
			},
		},
	}
}

// Annotations of CronJobs and the Jobs of their slots: what labels say, but never shortened.
const (
	// AnnotationInvoker is the name of the BackupConfiguration.
	AnnotationInvoker = "kubestash.com/invoker-name"
	// AnnotationSession is the name of the session.
	AnnotationSession = "kubestash.com/session-name"
)

// slotPod is a template that satisfies the API server, and the restricted Pod Security Standard, without ever
// being used.
func slotPod(labels map[string]string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec: corev1.PodSpec{
			RestartPolicy:                corev1.RestartPolicyNever,
			AutomountServiceAccountToken: ptr.To(false),
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot:   ptr.To(true),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name:  metav1alpha1.ContainerKubeStash,
				Image: slotImage,
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: ptr.To(false),
					Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}
}

// timeZone treats the empty name as none: the API server refuses it.
func timeZone(name *string) *string {
	if ptr.Deref(name, "") == "" {
		return nil
	}
	return name
}
