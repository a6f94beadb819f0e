// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupconfiguration

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/invoker"
)

func TestWhatMakesACronJobAnotherOne(t *testing.T) {
	of := invoker.Of(&corev1alpha1.BackupConfiguration{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "app", UID: "uid"}})
	config := &corev1alpha1.SessionConfig{Name: "daily", Scheduler: &corev1alpha1.SchedulerSpec{Schedule: "5 * * * *"}}
	for sentence, c := range map[string]struct {
		change func(existing *batchv1.CronJob)
		same   bool
	}{
		"nothing was changed": {func(*batchv1.CronJob) {}, true},
		"the cache has no pod's template, and no pod is made of it": {
			func(existing *batchv1.CronJob) { existing.Spec.JobTemplate.Spec.Template = corev1.PodTemplateSpec{} }, true},
		"the API server has filled in what we leave open": {
			func(existing *batchv1.CronJob) { existing.Spec.JobTemplate.Spec.BackoffLimit = ptr.To[int32](6) }, true},
		"somebody changed the schedule": {func(existing *batchv1.CronJob) { existing.Spec.Schedule = "6 * * * *" }, false},
		"somebody lets Kubernetes run its Jobs": {
			func(existing *batchv1.CronJob) { existing.Spec.JobTemplate.Spec.ManagedBy = nil }, false},
		"somebody suspended it":        {func(existing *batchv1.CronJob) { existing.Spec.Suspend = ptr.To(true) }, false},
		"somebody gave it a time zone": {func(existing *batchv1.CronJob) { existing.Spec.TimeZone = ptr.To("Asia/Dhaka") }, false},
		"somebody took a label":        {func(existing *batchv1.CronJob) { existing.Labels = nil }, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			wanted := desired.Trigger(of, config, config.Scheduler.Schedule, false)
			existing := wanted.DeepCopy()
			c.change(existing)
			if got := isSameTrigger(existing, wanted); got != c.same {
				t.Errorf("it is the same: %t", got)
			}
			if len(wanted.Spec.JobTemplate.Spec.Template.Spec.Containers) == 0 {
				t.Error("what is to be applied has lost its template")
			}
		})
	}
}
