// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
)

var _ = Describe("A slot of the schedule", func() {
	var w *world
	var slot time.Time
	BeforeEach(func(ctx SpecContext) {
		w = newWorld(ctx)
		w.ground(ctx)
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		slot = w.Clock.Now().Truncate(time.Minute).Add(time.Minute)
		w.Step(testStep)
	})

	It("becomes a BackupSession that is named after it, and its Job is complete without a pod", func(ctx SpecContext) {
		job := slotJob(ctx, w, slot)
		w.settle(ctx)
		Expect(w.Client.Get(ctx, client.ObjectKeyFromObject(job), job)).To(Succeed())
		Expect(job.Status.Succeeded).To(BeEquivalentTo(1))
		Expect(job.Status.CompletionTime).NotTo(BeNil())
		Expect(isTrue(job, batchv1.JobComplete)).To(BeTrue())

		run := get[corev1alpha1.BackupSession](ctx, w, nameAt(slot))
		Expect(run.Status.Phase).To(Equal(corev1alpha1.BackupSessionPhasePending))
		Expect(w.jobs(ctx)).To(HaveLen(2), "one of the first run, one of this")
		w.runJob(ctx)
		w.settle(ctx)
		Expect(get[corev1alpha1.BackupSession](ctx, w, run.Name).Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSucceeded))
	})

	It("leads to nothing while the BackupConfiguration is paused", func(ctx SpecContext) {
		bc := w.configuration(ctx)
		bc.Spec.Paused = true
		Expect(w.Client.Update(ctx, bc)).To(Succeed())
		job := slotJob(ctx, w, slot)
		w.settle(ctx)
		Expect(w.sessions(ctx)).To(HaveLen(1), "that of the first run")
		Expect(w.Client.Get(ctx, client.ObjectKeyFromObject(job), job)).To(Succeed())
		Expect(isTrue(job, batchv1.JobComplete)).To(BeTrue())
		Expect(get[batchv1.CronJob](ctx, w, job.OwnerReferences[0].Name).Spec.Suspend).To(HaveValue(BeTrue()))
	})
})

// slotJob makes what the CronJob controller makes at a slot.
func slotJob(ctx context.Context, w *world, slot time.Time) *batchv1.Job {
	GinkgoHelper()
	return slotJobOf(ctx, w, object.Configuration, slot)
}

func slotJobOf(ctx context.Context, w *world, invoker string, slot time.Time) *batchv1.Job {
	GinkgoHelper()
	cronJob := get[batchv1.CronJob](ctx, w, "trigger-"+invoker+"-"+object.Session)
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: w.namespace, Name: cronJob.Name + "-" + slot.Format("150405"),
			Labels: cronJob.Spec.JobTemplate.Labels,
			Annotations: map[string]string{
				batchv1.CronJobScheduledTimestampAnnotation: slot.Format(time.RFC3339),
			},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(cronJob, batchv1.SchemeGroupVersion.WithKind("CronJob"))},
		},
		Spec: cronJob.Spec.JobTemplate.Spec,
	}
	for key, value := range cronJob.Spec.JobTemplate.Annotations {
		job.Annotations[key] = value
	}
	w.apply(ctx, job)
	return job
}

func nameAt(slot time.Time) string {
	return object.BackupSessionName(object.Configuration, slot)
}

func isTrue(job *batchv1.Job, t batchv1.JobConditionType) bool {
	for _, c := range job.Status.Conditions {
		if c.Type == t {
			return c.Status == "True"
		}
	}
	return false
}
