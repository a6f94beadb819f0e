// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package trigger_test

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/controllers/core/trigger"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/invoker"
)

var (
	slot = time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)
	now  = slot.Add(3 * time.Second)
)

type events struct{ list []string }

func (e *events) Normal(_ runtime.Object, reason, message string) {
	e.list = append(e.list, "Normal "+reason+" "+message)
}

func (e *events) Warning(_ runtime.Object, reason, message string) {
	e.list = append(e.list, "Warning "+reason+" "+message)
}

// world is a BackupConfiguration, its CronJob and the Job of one slot.
type world struct {
	bc      *corev1alpha1.BackupConfiguration
	cronJob *batchv1.CronJob
	job     *batchv1.Job
	more    []client.Object
}

func newWorld() *world {
	bc := &corev1alpha1.BackupConfiguration{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "app", UID: "bc-uid"},
		Spec: corev1alpha1.BackupConfigurationSpec{Sessions: []corev1alpha1.Session{{
			SessionConfig: corev1alpha1.SessionConfig{
				Name: "daily", Scheduler: &corev1alpha1.SchedulerSpec{Schedule: "5 * * * *"},
				RetryConfig:   &corev1alpha1.RetryConfig{MaxRetry: 2},
				BackupTimeout: &metav1.Duration{Duration: time.Hour},
			},
		}}},
		Status: corev1alpha1.BackupConfigurationStatus{Phase: corev1alpha1.BackupConfigurationPhaseReady},
	}
	cronJob := desired.Trigger(invoker.Of(bc), &bc.Spec.Sessions[0].SessionConfig, "5 * * * *", false)
	cronJob.UID = "cron-uid"
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "demo", Name: cronJob.Name + "-29456345", Labels: cronJob.Spec.JobTemplate.Labels,
			Annotations:       map[string]string{batchv1.CronJobScheduledTimestampAnnotation: slot.Format(time.RFC3339)},
			OwnerReferences:   []metav1.OwnerReference{*metav1.NewControllerRef(cronJob, batchv1.SchemeGroupVersion.WithKind("CronJob"))},
			CreationTimestamp: metav1.NewTime(slot.Add(time.Second)),
		},
		Spec: cronJob.Spec.JobTemplate.Spec,
	}
	for k, v := range cronJob.Spec.JobTemplate.Annotations {
		job.Annotations[k] = v
	}
	return &world{bc: bc, cronJob: cronJob, job: job}
}

// slotAt is the Job of another slot, which nobody has answered.
func (w *world) slotAt(at time.Time) *batchv1.Job {
	other := w.job.DeepCopy()
	other.Name += at.Format("-150405")
	other.Annotations[batchv1.CronJobScheduledTimestampAnnotation] = at.Format(time.RFC3339)
	return other
}

// pass runs one reconcile of the Job and returns what there is afterwards.
func (w *world) pass(t *testing.T) (client.Client, *events) {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, corev1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	objects := w.more
	if w.bc != nil {
		objects = append(objects, w.bc)
	}
	if w.cronJob != nil {
		objects = append(objects, w.cronJob)
	}
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(append(objects, w.job)...).
		WithStatusSubresource(&batchv1.Job{}, &corev1alpha1.BackupSession{}).Build()
	recorded := &events{}
	r := trigger.New(trigger.Deps{Client: c, Live: c, Recorder: recorded, Clock: clocktesting.NewFakePassiveClock(now)})
	request := ctrl.Request{NamespacedName: client.ObjectKeyFromObject(w.job)}
	for range 2 { // the second pass finds everything done
		if result, err := r.Reconcile(t.Context(), request); err != nil || !result.IsZero() {
			t.Fatalf("got %v, %v", result, err)
		}
	}
	return c, recorded
}

func sessions(t *testing.T, c client.Client) []corev1alpha1.BackupSession {
	t.Helper()
	var list corev1alpha1.BackupSessionList
	if err := c.List(t.Context(), &list); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func jobOf(t *testing.T, c client.Client, w *world) batchv1.Job {
	t.Helper()
	var job batchv1.Job
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(w.job), &job); err != nil {
		t.Fatal(err)
	}
	return job
}

func conditionMessage(job batchv1.Job, conditionType batchv1.JobConditionType) string {
	for _, c := range job.Status.Conditions {
		if c.Type == conditionType && c.Status == corev1.ConditionTrue {
			return c.Message
		}
	}
	return ""
}

func TestASlotBecomesABackupSession(t *testing.T) {
	w := newWorld()
	c, recorded := w.pass(t)
	all := sessions(t, c)
	if len(all) != 1 {
		t.Fatalf("got %d sessions", len(all))
	}
	run := all[0]
	if run.Name != "app-daily-1767323100" {
		t.Errorf("name is %q: it isn't made of the slot's time", run.Name)
	}
	if !metav1.IsControlledBy(&run, w.bc) || run.Spec.Session != "daily" || run.Spec.RetryLeft != 2 ||
		run.Spec.BackupTimeout.Duration != time.Hour || run.Spec.Invoker.Name != "app" || *run.Spec.Invoker.APIGroup != "core.kubestash.com" {
		t.Errorf("got %+v", run)
	}
	for label, want := range map[string]string{
		metav1alpha1.LabelManagedBy: "kubestash.com", metav1alpha1.LabelInvokerName: "app", metav1alpha1.LabelSessionName: "daily",
	} {
		if run.Labels[label] != want {
			t.Errorf("label %s is %q", label, run.Labels[label])
		}
	}
	if len(recorded.list) != 1 || !strings.Contains(recorded.list[0], run.Name) {
		t.Errorf("got events %q", recorded.list)
	}
}

func TestTheJobIsCompletedAsTheAPIServerWantsIt(t *testing.T) {
	w := newWorld()
	c, _ := w.pass(t)
	status := jobOf(t, c, w).Status
	if status.StartTime == nil || status.CompletionTime == nil || status.CompletionTime.Before(status.StartTime) {
		t.Errorf("start %v, completion %v", status.StartTime, status.CompletionTime)
	}
	if status.Succeeded != 1 || status.Active != 0 || status.Failed != 0 {
		t.Errorf("counts %+v", status)
	}
	for _, want := range []batchv1.JobConditionType{batchv1.JobSuccessCriteriaMet, batchv1.JobComplete} {
		if conditionMessage(jobOf(t, c, w), want) == "" {
			t.Errorf("no condition %s", want)
		}
	}
}

func TestSlots(t *testing.T) {
	for sentence, row := range map[string]struct {
		change   func(*world)
		sessions int
		message  string
	}{
		"a paused configuration gets no session": {
			func(w *world) { w.bc.Spec.Paused = true }, 0, "paused"},
		"an invalid configuration gets no session": {
			func(w *world) { w.bc.Status.Phase = corev1alpha1.BackupConfigurationPhaseInvalid }, 0, "invalid"},
		"a configuration that isn't ready gets one, which tells why it can't run": {
			func(w *world) { w.bc.Status.Phase = corev1alpha1.BackupConfigurationPhaseNotReady }, 1, "app-daily-"},
		"a configuration that is gone": {
			func(w *world) { w.bc = nil }, 0, "gone"},
		"a configuration that is being deleted": {
			func(w *world) {
				w.bc.DeletionTimestamp, w.bc.Finalizers = ptr.To(metav1.NewTime(slot)), []string{"kubestash.com/cleanup"}
			}, 0, "being deleted"},
		"another configuration of the same name is not the one of the slot": {
			func(w *world) { w.bc.UID = "another" }, 0, "gone"},
		"a CronJob that is gone": {
			func(w *world) { w.cronJob = nil }, 0, "gone"},
		"a Job that somebody made by hand, with our annotations": {
			func(w *world) { w.job.OwnerReferences = nil }, 0, "gone"},
		"a session that is no longer in the spec": {
			func(w *world) { w.bc.Spec.Sessions[0].Name = "weekly" }, 0, `no session "daily"`},
		"a session that exists is adopted": {
			func(w *world) {
				w.more = append(w.more, desired.BackupSession(invoker.Of(w.bc), &w.bc.Spec.Sessions[0].SessionConfig, slot))
			},
			1, "app-daily-1767323100"},
		"a session of the same name that is somebody else's leads to another name": {
			func(w *world) {
				foreign := desired.BackupSession(invoker.Of(w.bc), &w.bc.Spec.Sessions[0].SessionConfig, slot)
				foreign.OwnerReferences = nil
				w.more = append(w.more, foreign)
			}, 2, "app-daily-1767323100-"},
		"a slot that was missed leads to nothing when a later one came too": {
			func(w *world) { w.more = append(w.more, w.slotAt(slot.Add(time.Hour))) }, 0, "the slot of 2026-01-02T04:05:00Z is run instead"},
		"the last of the slots that were missed is run for all of them": {
			func(w *world) {
				w.more = append(w.more, w.slotAt(slot.Add(-2*time.Hour)), w.slotAt(slot.Add(-time.Hour)))
			}, 1, "app-daily-1767323100"},
		"a later slot that was answered already is none that waits": {
			func(w *world) {
				later := w.slotAt(slot.Add(time.Hour))
				later.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}}
				w.more = append(w.more, later)
			}, 1, "app-daily-1767323100"},
		"a later slot of another CronJob is somebody else's": {
			func(w *world) {
				later := w.slotAt(slot.Add(time.Hour))
				later.OwnerReferences[0].UID = "another"
				w.more = append(w.more, later)
			}, 1, "app-daily-1767323100"},
		"a slot that is later than startingDeadlineSeconds allows is skipped": {
			func(w *world) { w.bc.Spec.Sessions[0].Scheduler.StartingDeadlineSeconds = ptr.To[int64](2) }, 0, "startingDeadlineSeconds"},
		"a slot within startingDeadlineSeconds is run": {
			func(w *world) { w.bc.Spec.Sessions[0].Scheduler.StartingDeadlineSeconds = ptr.To[int64](3) }, 1, "app-daily-1767323100"},
		"a Job without the slot's time counts from its creation": {
			func(w *world) { delete(w.job.Annotations, batchv1.CronJobScheduledTimestampAnnotation) }, 1, "app-daily-1767323101"},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld()
			row.change(w)
			c, _ := w.pass(t)
			if got := len(sessions(t, c)); got != row.sessions {
				t.Errorf("got %d sessions, want %d", got, row.sessions)
			}
			if message := conditionMessage(jobOf(t, c, w), batchv1.JobComplete); !strings.Contains(message, row.message) {
				t.Errorf("the Job was completed with %q", message)
			}
		})
	}
}

func TestMissedSlotsAreTold(t *testing.T) {
	w := newWorld()
	w.more = append(w.more, w.slotAt(slot.Add(time.Hour)))
	_, recorded := w.pass(t)
	want := "Warning SlotMissed The slot of 2026-01-02T03:05:00Z of session daily: it was missed, and the slot of 2026-01-02T04:05:00Z is run instead."
	if len(recorded.list) != 1 || recorded.list[0] != want {
		t.Errorf("got events %q", recorded.list)
	}
}

func TestForeignJobsAreLeftAlone(t *testing.T) {
	w := newWorld()
	w.job.Spec.ManagedBy = nil
	c, _ := w.pass(t)
	if len(sessions(t, c)) != 0 || len(jobOf(t, c, w).Status.Conditions) != 0 {
		t.Error("a Job that Kubernetes runs was touched")
	}
}
