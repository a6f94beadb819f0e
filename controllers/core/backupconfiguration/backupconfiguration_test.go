// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupconfiguration

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/configuration"
)

func TestEverythingIsMade(t *testing.T) {
	c := newCluster(t, everything(bc())...)
	c.pass()
	got := c.configuration()
	if got.Status.Phase != corev1alpha1.BackupConfigurationPhaseReady {
		t.Fatalf("phase is %s: %+v", got.Status.Phase, got.Status.Conditions)
	}
	if len(got.Finalizers) != 1 || got.Finalizers[0] != metav1alpha1.FinalizerCleanup {
		t.Errorf("finalizers are %v", got.Finalizers)
	}
	cronJob := get[batchv1.CronJob](c, "trigger-app-daily")
	if cronJob == nil || !metav1.IsControlledBy(cronJob, got) || strings.Contains(cronJob.Spec.Schedule, "H") || ptr.Deref(cronJob.Spec.Suspend, true) {
		t.Errorf("the CronJob is %+v", cronJob)
	}
	if managedBy := ptr.Deref(cronJob.Spec.JobTemplate.Spec.ManagedBy, ""); managedBy != "kubestash.com/trigger" {
		t.Errorf("a slot would start a pod: managedBy is %q", managedBy)
	}
	repository := get[storagev1alpha1.Repository](c, "repo")
	want := storagev1alpha1.RepositorySpec{
		AppRef:           metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: "Deployment", Namespace: "demo", Name: "app"},
		StorageRef:       metav1alpha1.ObjectReference{Namespace: "demo", Name: "s3"},
		EncryptionSecret: &metav1alpha1.ObjectReference{Namespace: "demo", Name: "encrypt"},
		Path:             "/dep", DeletionPolicy: storagev1alpha1.DeletionPolicyDelete,
	}
	if repository == nil || fmt.Sprint(repository.Spec.AppRef, repository.Spec.StorageRef, *repository.Spec.EncryptionSecret, repository.Spec.Path, repository.Spec.DeletionPolicy) !=
		fmt.Sprint(want.AppRef, want.StorageRef, *want.EncryptionSecret, want.Path, want.DeletionPolicy) {
		t.Errorf("the Repository is %+v", repository)
	}
	if len(repository.OwnerReferences) > 0 {
		t.Error("the Repository has an owner: it would go without its policy being asked")
	}
	if runs := c.sessions(); len(runs) != 1 || runs[0].Name != fmt.Sprintf("app-daily-%d", now.Add(-time.Minute).Unix()) {
		t.Errorf("runs are %+v", runs)
	}
	if told := c.events.take(); !strings.Contains(told, "Normal BackupConfigurationReady") || !strings.Contains(told, "Normal SuccessfullyTriggeredInitialBackup Session daily") {
		t.Errorf("told %q", told)
	}
}

func TestAResyncWritesAndTellsNothing(t *testing.T) {
	c := newCluster(t, everything(bc())...)
	for range 2 {
		c.pass()
	}
	c.writes = nil
	c.events.take()
	if result := c.pass(); result.RequeueAfter <= 0 {
		t.Error("the next schedule would never be brought up to date")
	}
	if len(c.writes) > 0 || len(c.events.list) > 0 {
		t.Errorf("wrote %v, told %q", c.writes, c.events.list)
	}
}

func TestTheFirstBackupIsTakenOnce(t *testing.T) {
	c := newCluster(t, everything(bc())...)
	c.pass()
	for _, run := range c.sessions() {
		// Its own controller would let it go.
		run.Finalizers = nil
		if err := c.Update(t.Context(), &run); err != nil {
			t.Fatal(err)
		}
		if err := c.Delete(t.Context(), &run); err != nil {
			t.Fatal(err)
		}
	}
	c.pass()
	if runs := c.sessions(); len(runs) != 0 {
		t.Errorf("it was taken again: %s", runs[0].Name)
	}
}

func TestARestartBeforeTheStatusIsWrittenAdopts(t *testing.T) {
	c := newCluster(t, everything(bc())...)
	c.pass()
	edit(c, c.configuration(), func(*corev1alpha1.BackupConfiguration) {})
	lost := c.configuration()
	lost.Status = corev1alpha1.BackupConfigurationStatus{}
	if err := c.WithWatch.Status().Update(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	c.pass()
	if runs := c.sessions(); len(runs) != 1 {
		t.Errorf("there are %d runs", len(runs))
	}
}

func TestWhatIsMissingIsTold(t *testing.T) {
	for sentence, row := range map[string]struct {
		without string
		message string
	}{
		"no target":           {"*v1.Deployment app", "Target Deployment demo/app does not exist"},
		"no storage":          {"*v1alpha1.BackupStorage s3", "BackupStorage demo/s3 does not exist"},
		"no retention policy": {"*v1alpha1.RetentionPolicy keep", "RetentionPolicy demo/keep does not exist"},
		"no Secret":           {"*v1.Secret encrypt", "Secret demo/encrypt does not exist"},
		"no addon":            {"*v1alpha1.Addon workload-addon", "Addon workload-addon does not exist"},
		"no function":         {"*v1alpha1.Function workload-backup", "Function workload-backup doesn't exist: task logical-backup of addon workload-addon needs it"},
	} {
		t.Run(sentence, func(t *testing.T) {
			var objects []client.Object
			var later client.Object
			for _, o := range everything(bc()) {
				if fmt.Sprintf("%T %s", o, o.GetName()) == row.without {
					later = o
					continue
				}
				objects = append(objects, o)
			}
			c := newCluster(t, objects...)
			for range 3 {
				if result := c.pass(); result.RequeueAfter < time.Second {
					t.Fatalf("a hot loop: %v", result)
				}
			}
			got := c.configuration()
			if got.Status.Phase != corev1alpha1.BackupConfigurationPhaseNotReady || len(c.sessions()) > 0 {
				t.Errorf("phase is %s with %d runs", got.Status.Phase, len(c.sessions()))
			}
			ready := metav1alpha1.FindCondition(got.Status.Conditions, corev1alpha1.ConditionReady)
			if !strings.Contains(ready.Message, row.message) {
				t.Errorf("Ready says %q", ready.Message)
			}
			if told := c.events.take(); strings.Count(told, "Warning BackupConfigurationNotReady") != 1 {
				t.Errorf("told %q", told)
			}
			later.SetResourceVersion("")
			if err := c.WithWatch.Create(t.Context(), later); err != nil {
				t.Fatal(err)
			}
			if s, ok := later.(*storagev1alpha1.BackupStorage); ok {
				s.Status = storage().Status
				if err := c.WithWatch.Status().Update(t.Context(), s); err != nil {
					t.Fatal(err)
				}
			}
			c.pass()
			if phase := c.configuration().Status.Phase; phase != corev1alpha1.BackupConfigurationPhaseReady || len(c.sessions()) != 1 {
				t.Errorf("once it is there, the phase is %s with %d runs", phase, len(c.sessions()))
			}
		})
	}
}

func TestThePasswordIsNowhere(t *testing.T) {
	c := newCluster(t, everything(bc())...)
	c.pass()
	if text := fmt.Sprintf("%+v %+v %v", c.configuration(), get[storagev1alpha1.Repository](c, "repo"), c.events.list); strings.Contains(text, "canary-7f3a") {
		t.Error("the password got out")
	}
}

func TestInvalid(t *testing.T) {
	older := bc()
	older.Name, older.UID, older.CreationTimestamp = "older", "older", metav1.NewTime(now.Add(-time.Hour))
	older.Spec.Sessions[0].Repositories[0].Name = "theirs"
	for sentence, row := range map[string]struct {
		change  func(*corev1alpha1.BackupConfiguration)
		more    []client.Object
		message string
	}{
		"a schedule that is no cron": {
			func(b *corev1alpha1.BackupConfiguration) { b.Spec.Sessions[0].Scheduler.Schedule = "often" }, nil, "often"},
		"an older BackupConfiguration with the same directory": {
			func(b *corev1alpha1.BackupConfiguration) { b.Spec.Sessions[0].Repositories[0].Directory = "dep/" },
			[]client.Object{older}, "BackupConfiguration demo/older"},
		"a Repository of another namespace at the same place": {
			nil, []client.Object{&storagev1alpha1.Repository{
				ObjectMeta: metav1.ObjectMeta{Namespace: "other", Name: "x"},
				Spec:       storagev1alpha1.RepositorySpec{StorageRef: metav1alpha1.ObjectReference{Namespace: "demo", Name: "s3"}, Path: "dep"},
			}}, "other/x"},
	} {
		t.Run(sentence, func(t *testing.T) {
			b := bc()
			c := newCluster(t, everything(append(row.more, b)...)...)
			if row.change != nil {
				edit(c, b, row.change)
			}
			for range 2 {
				if result := c.pass(); result.RequeueAfter < time.Second {
					t.Fatalf("a hot loop: %v", result)
				}
			}
			got := c.configuration()
			condition := metav1alpha1.FindCondition(got.Status.Conditions, corev1alpha1.ConditionValidationPassed)
			if got.Status.Phase != corev1alpha1.BackupConfigurationPhaseInvalid || !strings.Contains(condition.Message, row.message) {
				t.Errorf("phase is %s: %q", got.Status.Phase, condition.Message)
			}
			if get[storagev1alpha1.Repository](c, "repo") != nil || get[batchv1.CronJob](c, "trigger-app-daily") != nil || len(c.sessions()) > 0 {
				t.Error("something was made of it")
			}
			if told := c.events.take(); strings.Count(told, "Warning BackupConfigurationInvalid") != 1 {
				t.Errorf("told %q", told)
			}
		})
	}
}

func TestBecomingInvalidSuspendsTheSlots(t *testing.T) {
	c := newCluster(t, everything(bc())...)
	c.pass()
	edit(c, bc(), func(b *corev1alpha1.BackupConfiguration) { b.Spec.Sessions[0].Scheduler.Schedule = "often" })
	c.pass()
	if cronJob := get[batchv1.CronJob](c, "trigger-app-daily"); !ptr.Deref(cronJob.Spec.Suspend, false) {
		t.Error("slots go on")
	}
	edit(c, bc(), func(b *corev1alpha1.BackupConfiguration) { b.Spec.Sessions[0].Scheduler.Schedule = "0 4 * * *" })
	c.pass()
	if cronJob := get[batchv1.CronJob](c, "trigger-app-daily"); ptr.Deref(cronJob.Spec.Suspend, true) || cronJob.Spec.Schedule != "0 4 * * *" {
		t.Errorf("corrected, it is %+v", cronJob.Spec)
	}
}

func TestPausing(t *testing.T) {
	paused := bc()
	paused.Spec.Paused = true
	c := newCluster(t, everything(paused)...)
	c.pass()
	if len(c.sessions()) > 0 {
		t.Error("a backup was started while paused")
	}
	if cronJob := get[batchv1.CronJob](c, "trigger-app-daily"); !ptr.Deref(cronJob.Spec.Suspend, false) {
		t.Error("slots go on while paused")
	}
	if next := c.configuration().Status.Sessions[0].NextSchedule; next != "" {
		t.Errorf("the next schedule is %q", next)
	}
	edit(c, bc(), func(b *corev1alpha1.BackupConfiguration) { b.Spec.Paused = false })
	c.pass()
	if cronJob := get[batchv1.CronJob](c, "trigger-app-daily"); ptr.Deref(cronJob.Spec.Suspend, true) || len(c.sessions()) != 1 {
		t.Error("resuming starts nothing")
	}
}

func TestASessionThatIsGoneTakesItsCronJob(t *testing.T) {
	c := newCluster(t, everything(bc())...)
	c.pass()
	edit(c, bc(), func(b *corev1alpha1.BackupConfiguration) { b.Spec.Sessions[0].Name = "nightly" })
	c.pass()
	if get[batchv1.CronJob](c, "trigger-app-daily") != nil || get[batchv1.CronJob](c, "trigger-app-nightly") == nil {
		t.Error("the CronJobs don't follow the sessions")
	}
	if states := c.configuration().Status.Sessions; len(states) != 1 || states[0].Name != "nightly" {
		t.Errorf("states are %+v", states)
	}
}

func TestLongNames(t *testing.T) {
	long := bc()
	long.Spec.Sessions[0].Name = strings.Repeat("s", 60)
	foreign := &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "trigger-app-" + strings.Repeat("s", 40)}}
	c := newCluster(t, everything(long, foreign)...)
	for range 2 {
		c.pass()
	}
	var list batchv1.CronJobList
	if err := c.List(t.Context(), &list); err != nil {
		t.Fatal(err)
	}
	ours := 0
	for _, cronJob := range list.Items {
		if metav1.IsControlledBy(&cronJob, long) {
			ours++
			if len(cronJob.Name) > 52 || len(cronJob.Labels[metav1alpha1.LabelSessionName]) > 63 {
				t.Errorf("too long: %s", cronJob.Name)
			}
		}
	}
	if ours != 1 {
		t.Errorf("there are %d CronJobs of ours beside the foreign one", ours)
	}
	if runs := c.sessions(); len(runs) != 1 || len(runs[0].Name) > 63 {
		t.Errorf("runs are %+v", runs)
	}
}

func TestARepositoryThatAUserChangedStays(t *testing.T) {
	c := newCluster(t, everything(bc())...)
	c.pass()
	edit(c, get[storagev1alpha1.Repository](c, "repo"), func(r *storagev1alpha1.Repository) {
		r.Spec.DeletionPolicy = storagev1alpha1.DeletionPolicyWipeOut
	})
	c.pass()
	if policy := get[storagev1alpha1.Repository](c, "repo").Spec.DeletionPolicy; policy != storagev1alpha1.DeletionPolicyWipeOut {
		t.Errorf("the user's policy became %s", policy)
	}
}

func TestDeletion(t *testing.T) {
	for sentence, row := range map[string]struct {
		policy corev1alpha1.RepositoryDeletionPolicy
		mark   bool
		stays  bool
	}{
		"Retain keeps the Repository":           {corev1alpha1.RepositoryDeletionPolicyRetain, false, true},
		"Delete removes it":                     {corev1alpha1.RepositoryDeletionPolicyDelete, false, false},
		"WipeOut removes it":                    {corev1alpha1.RepositoryDeletionPolicyWipeOut, false, false},
		"a blueprint's mark wins over a policy": {corev1alpha1.RepositoryDeletionPolicyWipeOut, true, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			b := bc()
			b.Spec.Sessions[0].Repositories[0].DeletionPolicy = row.policy
			c := newCluster(t, everything(b)...)
			c.pass()
			// Its own finalizer, so that what deletion asked for can be seen.
			edit(c, get[storagev1alpha1.Repository](c, "repo"), func(r *storagev1alpha1.Repository) { r.Finalizers = []string{"test/hold"} })
			if row.mark {
				edit(c, bc(), func(b *corev1alpha1.BackupConfiguration) {
					b.Annotations = map[string]string{configuration.AnnotationKeepRepositories: "true"}
				})
			}
			if err := c.Delete(t.Context(), c.configuration()); err != nil {
				t.Fatal(err)
			}
			c.pass()
			if c.configuration() != nil {
				t.Error("the finalizer stays")
			}
			repository := get[storagev1alpha1.Repository](c, "repo")
			if stays := repository.DeletionTimestamp.IsZero(); stays != row.stays {
				t.Errorf("the Repository stays: %v", stays)
			}
			if wipe := repository.Spec.DeletionPolicy == storagev1alpha1.DeletionPolicyWipeOut; !row.stays && wipe != (row.policy == corev1alpha1.RepositoryDeletionPolicyWipeOut) {
				t.Errorf("its policy is %s", repository.Spec.DeletionPolicy)
			}
		})
	}
}

func TestARefusedCronJobIsACondition(t *testing.T) {
	c := newCluster(t, everything(bc())...)
	refusing := interceptor.NewClient(c.WithWatch, interceptor.Funcs{Apply: func(
		ctx context.Context, inner client.WithWatch, obj runtime.ApplyConfiguration, opts ...client.ApplyOption,
	) error {
		if named, ok := obj.(interface{ GetKind() string }); ok && named.GetKind() == "CronJob" {
			return apierrors.NewInvalid(schema.GroupKind{Group: "batch", Kind: "CronJob"}, "trigger-app-daily", nil)
		}
		return inner.Apply(ctx, obj, opts...)
	}})
	clock := clocktesting.NewFakePassiveClock(now)
	c.r = New(Deps{Client: refusing, Live: c, Recorder: c.events, Clock: clock})
	result, err := c.r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Namespace: "demo", Name: "app"}})
	if err != nil || result.RequeueAfter < time.Second {
		t.Fatalf("got %v, %v", result, err)
	}
	got := c.configuration()
	condition := metav1alpha1.FindCondition(got.Status.Sessions[0].Conditions, corev1alpha1.ConditionSchedulerEnsured)
	if got.Status.Phase != corev1alpha1.BackupConfigurationPhaseNotReady || condition.Status != metav1.ConditionFalse || len(c.sessions()) > 0 {
		t.Errorf("phase %s, %+v, %d runs", got.Status.Phase, condition, len(c.sessions()))
	}
	clock.SetTime(now.Add(time.Minute))
	c.pass()
	c.writes, c.events.list = nil, nil
	clock.SetTime(now.Add(2 * time.Minute))
	c.pass()
	if len(c.writes) > 0 || len(c.events.list) > 0 {
		t.Errorf("the same refusal again: wrote %q, told %q", c.writes, c.events.list)
	}
}

func TestNothingIsMadeInANamespaceThatIsBeingDeleted(t *testing.T) {
	c := newCluster(t, everything(bc())...)
	edit(c, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "demo"}}, func(ns *corev1.Namespace) { ns.Finalizers = []string{"test/hold"} })
	if err := c.WithWatch.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "demo"}}); err != nil {
		t.Fatal(err)
	}
	c.pass()
	if got := fmt.Sprint(c.writes); got != "[status]" {
		t.Errorf("wrote %s", got)
	}
	got := c.configuration()
	ready := metav1alpha1.FindCondition(got.Status.Conditions, corev1alpha1.ConditionReady)
	if got.Status.Phase != corev1alpha1.BackupConfigurationPhaseNotReady || !strings.Contains(ready.Message, "Namespace demo is being deleted") {
		t.Errorf("phase %s: %+v", got.Status.Phase, ready)
	}
	c.writes, c.events.list = nil, nil
	c.pass()
	if len(c.writes) > 0 || len(c.events.list) > 0 {
		t.Errorf("again: wrote %q, told %q", c.writes, c.events.list)
	}
}

func TestReferrersAreFound(t *testing.T) {
	c := newCluster(t, everything(bc())...)
	undecided := bc()
	undecided.Name, undecided.UID, undecided.Spec.Backends = "undecided", "undecided", nil
	if err := c.WithWatch.Create(t.Context(), undecided); err != nil {
		t.Fatal(err)
	}
	for sentence, row := range map[string]struct {
		kind string
		obj  client.Object
		want string
	}{
		"a storage wakes who names it, and who leaves it to the default": {storagev1alpha1.KindBackupStorage, storage(), "app undecided"},
		"a target wakes who backs it up":                                 {"Deployment", &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "app"}}, "app undecided"},
		"another target wakes nobody":                                    {"Deployment", &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: "x", Name: "app"}}, ""},
		"an addon wakes its users":                                       {addonsv1alpha1.KindAddon, addonObjects()[0], "app undecided"},
	} {
		var names []string
		for _, request := range mapReferrers(c, &corev1alpha1.BackupConfigurationList{}, row.kind)(t.Context(), row.obj) {
			names = append(names, request.Name)
		}
		if got := strings.Join(names, " "); got != row.want {
			t.Errorf("%s: got %q", sentence, got)
		}
	}
}
