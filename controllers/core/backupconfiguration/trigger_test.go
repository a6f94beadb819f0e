// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupconfiguration

import (
	"context"
	"slices"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
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
		"no pod is made of its template": {
			func(existing *batchv1.CronJob) { existing.Spec.JobTemplate.Spec.Template = corev1.PodTemplateSpec{} }, true},
		"the API server has filled in what we leave open": {
			func(existing *batchv1.CronJob) { existing.Spec.JobTemplate.Spec.BackoffLimit = ptr.To[int32](6) }, true},
		"somebody changed the schedule": {func(existing *batchv1.CronJob) { existing.Spec.Schedule = "6 * * * *" }, false},
		"somebody lets Kubernetes run its Jobs": {
			func(existing *batchv1.CronJob) { existing.Spec.JobTemplate.Spec.ManagedBy = nil }, false},
		"somebody suspended it":        {func(existing *batchv1.CronJob) { existing.Spec.Suspend = ptr.To(true) }, false},
		"somebody gave it a time zone": {func(existing *batchv1.CronJob) { existing.Spec.TimeZone = ptr.To("Asia/Dhaka") }, false},
		"somebody took a label":        {func(existing *batchv1.CronJob) { existing.Labels = nil }, false},
		"somebody added a label":       {func(existing *batchv1.CronJob) { existing.Labels["team"] = "shop" }, true},
		"somebody took a label of its Jobs": {
			func(existing *batchv1.CronJob) { delete(existing.Spec.JobTemplate.Labels, metav1alpha1.LabelManagedBy) }, false},
		"somebody took an annotation of its Jobs": {
			func(existing *batchv1.CronJob) { existing.Spec.JobTemplate.Annotations = nil }, false},
		"somebody set how long its Jobs are kept": {
			func(existing *batchv1.CronJob) {
				existing.Spec.JobTemplate.Spec.TTLSecondsAfterFinished = ptr.To[int32](9)
			}, false},
		"somebody keeps more of its Jobs": {
			func(existing *batchv1.CronJob) { existing.Spec.SuccessfulJobsHistoryLimit = ptr.To[int32](9) }, false},
		"somebody keeps more of its failed Jobs": {
			func(existing *batchv1.CronJob) { existing.Spec.FailedJobsHistoryLimit = ptr.To[int32](9) }, false},
		"somebody gave it a deadline": {
			func(existing *batchv1.CronJob) { existing.Spec.StartingDeadlineSeconds = ptr.To[int64](9) }, false},
		"somebody changed what happens to late ones": {
			func(existing *batchv1.CronJob) { existing.Spec.ConcurrencyPolicy = batchv1.ReplaceConcurrent }, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			wanted := desired.Trigger(of, config, config.Scheduler.Schedule, false)
			existing := wanted.DeepCopy()
			c.change(existing)
			if got := withMarks(contentOf(existing), existing) == withMarks(contentOf(wanted), wanted); got != c.same {
				t.Errorf("it is the same: %t", got)
			}
		})
	}
}

func TestACronJobIsReadAgainOnlyWhenItSaysSomethingElse(t *testing.T) {
	c := newCluster(t, everything(bc())...)
	reads := 0
	counted := interceptor.NewClient(c.WithWatch, interceptor.Funcs{
		Get: func(ctx context.Context, inner client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			if _, ok := obj.(*batchv1.CronJob); ok {
				reads++
			}
			return inner.Get(ctx, key, obj, opts...)
		},
	})
	c.r.Live = counted
	pass := func(sentence string, want int) {
		t.Helper()
		c.writes, reads = nil, 0
		c.pass()
		if reads != want || slices.Contains(c.writes, "apply") {
			t.Errorf("%s: it was read %d times, not %d; %q", sentence, reads, want, c.writes)
		}
	}
	c.pass()
	pass("it was made", 1)
	pass("nothing has happened", 0)
	edit(c, &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "trigger-app-daily"}}, func(cronJob *batchv1.CronJob) {
		cronJob.Generation++
		cronJob.Labels["team"] = "shop"
	})
	pass("it has another generation", 1)
	pass("that is known, too", 0)
	c.r.triggers = triggers{}
	pass("the operator was restarted", 1)

	edit(c, &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "trigger-app-daily"}}, func(cronJob *batchv1.CronJob) {
		cronJob.Generation++
		cronJob.Spec.Schedule = "9 9 * * *"
	})
	c.pass()
	if cronJob := get[batchv1.CronJob](c, "trigger-app-daily"); cronJob.Spec.Schedule == "9 9 * * *" {
		t.Error("what somebody has changed stays")
	}
	edit(c, &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "trigger-app-daily"}}, func(cronJob *batchv1.CronJob) {
		cronJob.Labels[metav1alpha1.LabelSessionName] = "other"
	})
	c.pass()
	if cronJob := get[batchv1.CronJob](c, "trigger-app-daily"); cronJob.Labels[metav1alpha1.LabelSessionName] != "daily" {
		t.Error("a label that somebody has changed stays")
	}
}
