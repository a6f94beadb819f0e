// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/invoker"
)

func nightly(name, session string) (*invoker.Invoker, *corev1alpha1.SessionConfig) {
	bc := &corev1alpha1.BackupConfiguration{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: name, UID: "uid"},
		Spec: corev1alpha1.BackupConfigurationSpec{Sessions: []corev1alpha1.Session{{
			SessionConfig: corev1alpha1.SessionConfig{Name: session, Scheduler: &corev1alpha1.SchedulerSpec{
				Schedule: "H * * * *", TimeZone: ptr.To(""), StartingDeadlineSeconds: ptr.To[int64](60),
				JobTemplate: corev1alpha1.JobTemplate{TTLSecondsAfterFinished: ptr.To[int32](5)},
			}},
		}}},
	}
	return invoker.Of(bc), &bc.Spec.Sessions[0].SessionConfig
}

func TestNamesAndLabelsOfAnyLengthAreValid(t *testing.T) {
	for _, name := range []string{"a", strings.Repeat("n", 63), strings.Repeat("n", 253)} {
		for _, session := range []string{"d", strings.Repeat("S_", 31), strings.Repeat("s", 253)} {
			bc, s := nightly(name, session)
			run, cronJob := desired.BackupSession(bc, s, time.Unix(1705483201, 0)), desired.Trigger(bc, s, "1 * * * *", false)
			for _, labels := range []map[string]string{run.Labels, cronJob.Labels, cronJob.Spec.JobTemplate.Labels, cronJob.Spec.JobTemplate.Spec.Template.Labels} {
				for key, value := range labels {
					if problems := validation.IsValidLabelValue(value); len(problems) > 0 {
						t.Errorf("label %s=%q: %v", key, value, problems)
					}
				}
			}
			for kind, made := range map[string]string{
				"BackupSession": run.Name, "another BackupSession": desired.DisambiguateBackupSession(run).Name, "CronJob": cronJob.Name,
			} {
				limit := 63
				if kind == "CronJob" {
					limit = 52
				}
				if problems := validation.IsDNS1123Subdomain(made); len(problems) > 0 || len(made) > limit {
					t.Errorf("%s %q: %v", kind, made, problems)
				}
			}
			if cronJob.Annotations[desired.AnnotationSession] != session || cronJob.Spec.JobTemplate.Annotations[desired.AnnotationInvoker] != name {
				t.Error("the whole names can't be found again")
			}
		}
	}
}

func TestARunHasItsRetries(t *testing.T) {
	for sentence, row := range map[string]struct {
		config *corev1alpha1.RetryConfig
		want   int32
	}{
		"no retryConfig means none": {nil, 0},
		"maxRetry":                  {&corev1alpha1.RetryConfig{MaxRetry: 3}, 3},
		"one that nobody defaulted": {&corev1alpha1.RetryConfig{}, 1},
	} {
		bc, s := nightly("app", "daily")
		s.RetryConfig = row.config
		if got := desired.BackupSession(bc, s, time.Unix(1, 0)).Spec.RetryLeft; got != row.want {
			t.Errorf("%s: got %d", sentence, got)
		}
	}
}

func TestIsSameRun(t *testing.T) {
	bc, s := nightly("app", "daily")
	run := desired.BackupSession(bc, s, time.Unix(1, 0))
	for sentence, row := range map[string]struct {
		change func(*corev1alpha1.BackupSession)
		want   bool
	}{
		"itself":                       {func(*corev1alpha1.BackupSession) {}, true},
		"one of another configuration": {func(r *corev1alpha1.BackupSession) { r.OwnerReferences[0].UID = "other" }, false},
		"one of another session":       {func(r *corev1alpha1.BackupSession) { r.Spec.Session = "weekly" }, false},
		"one that a user made":         {func(r *corev1alpha1.BackupSession) { r.OwnerReferences = nil }, false},
	} {
		existing := run.DeepCopy()
		row.change(existing)
		if got := desired.IsSameRun(existing, run); got != row.want {
			t.Errorf("%s: got %v", sentence, got)
		}
	}
}

func TestASlotStartsNoPod(t *testing.T) {
	bc, s := nightly("app", "daily")
	spec := desired.Trigger(bc, s, "1 * * * *", true).Spec
	if got := ptr.Deref(spec.JobTemplate.Spec.ManagedBy, ""); got != metav1alpha1.JobManagedBy {
		t.Errorf("managedBy is %q", got)
	}
	if spec.TimeZone != nil {
		t.Error("an empty time zone is refused by the API server")
	}
	if spec.Schedule != "1 * * * *" || !*spec.Suspend || *spec.SuccessfulJobsHistoryLimit != 3 || *spec.FailedJobsHistoryLimit != 1 ||
		*spec.StartingDeadlineSeconds != 60 || *spec.JobTemplate.Spec.TTLSecondsAfterFinished != 5 || spec.ConcurrencyPolicy != "Allow" {
		t.Errorf("got %+v", spec)
	}
}

func TestRepositoryPolicies(t *testing.T) {
	bc, _ := nightly("app", "daily")
	for policy, want := range map[corev1alpha1.RepositoryDeletionPolicy]storagev1alpha1.DeletionPolicy{
		"": "Delete", "Delete": "Delete", "WipeOut": "WipeOut", "Retain": "Delete",
	} {
		info := corev1alpha1.RepositoryInfo{Name: "repo", Directory: "/dep", DeletionPolicy: policy}
		if got := desired.Repository(bc, info, metav1alpha1.TypedObjectReference{}, metav1alpha1.ObjectReference{}); got.Spec.DeletionPolicy != want {
			t.Errorf("%q became %q", policy, got.Spec.DeletionPolicy)
		}
	}
}
