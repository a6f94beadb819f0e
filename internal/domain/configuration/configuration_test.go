// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package configuration_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/domain/invoker"
)

var (
	now     = metav1.NewTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	created = metav1.NewTime(now.Add(-time.Hour))
	s3      = metav1alpha1.ObjectReference{Namespace: "demo", Name: "s3"}
	keep    = metav1alpha1.ObjectReference{Namespace: "demo", Name: "keep"}
	secret  = metav1alpha1.ObjectReference{Namespace: "demo", Name: "encrypt"}
)

func session(name, repository, directory string) corev1alpha1.Session {
	return corev1alpha1.Session{
		SessionConfig: corev1alpha1.SessionConfig{Name: name, Scheduler: &corev1alpha1.SchedulerSpec{Schedule: "*/5 * * * *"}},
		Addon:         &corev1alpha1.AddonInfo{Name: "workload-addon", Tasks: []corev1alpha1.TaskReference{{Name: "logical-backup"}}},
		Repositories: []corev1alpha1.RepositoryInfo{{
			Name: repository, Directory: directory, Backend: "s3", EncryptionSecret: &metav1alpha1.ObjectReference{Name: "encrypt"},
		}},
	}
}

// world is facts and the object that they are about, so that rows can change the object.
type world struct {
	configuration.Facts
	Configuration corev1alpha1.BackupConfiguration
}

func (w world) decide() configuration.Verdict {
	w.Invoker = invoker.Of(&w.Configuration)
	return configuration.Decide(w.Facts)
}

// written is the status as the object shows it.
func written(s invoker.Status) corev1alpha1.BackupConfigurationStatus {
	var bc corev1alpha1.BackupConfiguration
	s.Write(&bc)
	return bc.Status
}

// complete is a BackupConfiguration that has everything, but nothing made for it yet.
func complete() world {
	return world{
		Configuration: corev1alpha1.BackupConfiguration{
			ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "app", UID: "uid", CreationTimestamp: created, Generation: 1},
			Spec: corev1alpha1.BackupConfigurationSpec{
				Target:   &metav1alpha1.TypedObjectReference{Kind: "Deployment", Name: "app"},
				Backends: []corev1alpha1.BackendReference{{Name: "s3", StorageRef: &metav1alpha1.ObjectReference{Name: "s3"}, RetentionPolicy: &keep}},
				Sessions: []corev1alpha1.Session{session("daily", "repo", "/dep")},
			},
		},
		Facts: configuration.Facts{
			Now:      now,
			Targets:  map[string]configuration.Target{"": {Found: true}},
			Storages: map[metav1alpha1.ObjectReference]configuration.Storage{s3: {Found: true, Phase: storagev1alpha1.BackupStoragePhaseReady}},
			Policies: map[metav1alpha1.ObjectReference]configuration.Policy{keep: {Found: true}},
			Secrets:  map[metav1alpha1.ObjectReference]configuration.Secret{secret: {Found: true, HasPassword: true}},
		},
	}
}

// summary prints a verdict in one line per thing.
func summary(v configuration.Verdict) []string {
	out := []string{"phase " + string(v.Status.Phase)}
	for _, intent := range v.Intents {
		switch i := intent.(type) {
		case configuration.EnsureRepository:
			out = append(out, fmt.Sprintf("ensure repository %s of %s/%s in %s/%s", i.Info.Name, i.AppRef.Kind, i.AppRef.Name, i.Storage.Namespace, i.Storage.Name))
		case configuration.EnsureCronJob:
			out = append(out, fmt.Sprintf("ensure cronjob of %s at %q, suspended %v", i.Session, i.Schedule, i.Suspend))
		case configuration.SuspendCronJob:
			out = append(out, "suspend cronjob "+i.Name)
		case configuration.RemoveCronJob:
			out = append(out, "remove cronjob "+i.Name)
		case configuration.StartFirst:
			out = append(out, "start first of "+i.Session)
		}
	}
	return out
}

const (
	wantRepository = "ensure repository repo of Deployment/app in demo/s3"
	wantCronJob    = `ensure cronjob of daily at "*/5 * * * *", suspended false`
)

func TestDecide(t *testing.T) {
	for sentence, row := range map[string]struct {
		change func(*world)
		want   []string
		ready  []string // what the Ready condition says
	}{
		"with everything there, the first backup starts at once": {
			want: []string{"phase Ready", wantRepository, wantCronJob, "start first of daily"}},
		"the first backup is not started twice": {
			change: func(f *world) {
				f.Configuration.Status.Sessions = []corev1alpha1.SessionStatus{{Name: "daily", Conditions: []metav1alpha1.Condition{{
					Type: corev1alpha1.ConditionInitialBackupTriggered, Status: metav1.ConditionTrue}}}}
			},
			want: []string{"phase Ready", wantRepository, wantCronJob}},
		"one that failed to start is started again": {
			change: func(f *world) {
				f.Configuration.Status.Sessions = []corev1alpha1.SessionStatus{{Name: "daily", Conditions: []metav1alpha1.Condition{{
					Type: corev1alpha1.ConditionInitialBackupTriggered, Status: metav1.ConditionFalse}}}}
			},
			want: []string{"phase Ready", wantRepository, wantCronJob, "start first of daily"}},
		"paused, schedules stop and nothing starts": {
			change: func(f *world) { f.Configuration.Spec.Paused = true },
			want:   []string{"phase Ready", wantRepository, `ensure cronjob of daily at "*/5 * * * *", suspended true`}},
		"a suspended session doesn't start either": {
			change: func(f *world) { f.Configuration.Spec.Sessions[0].Scheduler.Suspend = ptr.To(true) },
			want:   []string{"phase Ready", wantRepository, `ensure cronjob of daily at "*/5 * * * *", suspended true`}},
		"without a target there is nothing to find": {
			change: func(f *world) { f.Configuration.Spec.Target = nil },
			want:   []string{"phase Ready", "ensure repository repo of /na in demo/s3", wantCronJob, "start first of daily"}},
		"a target that is missing": {
			change: func(f *world) { f.Targets = nil },
			want:   []string{"phase NotReady", wantRepository, wantCronJob},
			ready:  []string{"Target Deployment demo/app does not exist: create it"}},
		"a target of a kind that can't be backed up": {
			change: func(f *world) {
				f.Targets[""] = configuration.Target{Problem: "spec.target: kind Foo is not supported."}
			},
			want: []string{"phase NotReady", wantRepository, wantCronJob}, ready: []string{"Foo is not supported"}},
		"a storage that is missing": {
			change: func(f *world) { f.Storages = nil },
			want:   []string{"phase NotReady", wantCronJob},
			ready:  []string{"BackupStorage demo/s3 does not exist: create it, or correct spec.backends[].storageRef."}},
		"a storage that isn't ready tells why in its own words": {
			change: func(f *world) {
				f.Storages[s3] = configuration.Storage{Found: true, Phase: storagev1alpha1.BackupStoragePhaseNotReady, Reason: "wrong key"}
			},
			want: []string{"phase NotReady", wantRepository, wantCronJob}, ready: []string{"BackupStorage demo/s3 is not ready: wrong key"}},
		"a retention policy that is missing": {
			change: func(f *world) { f.Policies = nil },
			want:   []string{"phase NotReady", wantRepository, wantCronJob}, ready: []string{"RetentionPolicy demo/keep does not exist"}},
		"everything that is missing is told at once": {
			change: func(f *world) { f.Targets, f.Policies, f.Secrets = nil, nil, nil },
			want:   []string{"phase NotReady", wantRepository},
			ready:  []string{"Target Deployment", "RetentionPolicy demo/keep", "Secret demo/encrypt does not exist"}},
		"a Secret without a password": {
			change: func(f *world) { f.Secrets[secret] = configuration.Secret{Found: true} },
			want:   []string{"phase NotReady", wantRepository}, ready: []string{"Secret demo/encrypt has no RESTIC_PASSWORD, or an empty one"}},
		"a repository without a Secret": {
			change: func(f *world) { f.Configuration.Spec.Sessions[0].Repositories[0].EncryptionSecret = nil },
			want:   []string{"phase NotReady", wantRepository}, ready: []string{"Repository repo has no encryptionSecret"}},
		"an addon that is missing": {
			change: func(f *world) {
				f.AddonProblems = map[string][]string{"daily": {"Addon workload-addon does not exist: install it."}}
			},
			want: []string{"phase NotReady", wantRepository}, ready: []string{"Addon workload-addon does not exist"}},
		"a CronJob that exists still follows the spec when something is missing": {
			change: func(f *world) {
				f.Secrets, f.Configuration.Spec.Paused = nil, true
				f.CronJobs = map[string]configuration.CronJob{"daily": {Name: "trigger-app-daily"}}
			},
			want: []string{"phase NotReady", wantRepository, `ensure cronjob of daily at "*/5 * * * *", suspended true`}},
		"what validation refuses makes it Invalid and stops the slots": {
			change: func(f *world) {
				f.Problems = []string{"spec.sessions[0].scheduler.schedule: bad", "and more"}
				f.CronJobs = map[string]configuration.CronJob{"daily": {Name: "trigger-app-daily"}, "old": {Name: "trigger-app-old", Suspended: true}}
			},
			want: []string{"phase Invalid", "suspend cronjob trigger-app-daily"}, ready: []string{"spec.sessions[0].scheduler.schedule: bad; and more"}},
		"the CronJob of a session that is gone is removed": {
			change: func(f *world) {
				f.CronJobs = map[string]configuration.CronJob{"weekly": {Name: "trigger-app-weekly"}}
			},
			want: []string{"phase Ready", wantRepository, wantCronJob, "remove cronjob trigger-app-weekly", "start first of daily"}},
		"two sessions share a repository, which is made once": {
			change: func(f *world) {
				f.Configuration.Spec.Sessions = append(f.Configuration.Spec.Sessions, session("weekly", "repo", "dep/"))
			},
			want: []string{"phase Ready", wantRepository, wantCronJob, `ensure cronjob of weekly at "*/5 * * * *", suspended false`,
				"start first of daily", "start first of weekly"}},
		"the only backend is meant when none is named": {
			change: func(f *world) { f.Configuration.Spec.Sessions[0].Repositories[0].Backend = "" },
			want:   []string{"phase Ready", wantRepository, wantCronJob, "start first of daily"}},
		"a repository that is being deleted is waited for": {
			change: func(f *world) {
				f.Repositories = map[string]storagev1alpha1.Repository{"repo": {ObjectMeta: metav1.ObjectMeta{Name: "repo", DeletionTimestamp: &now}}}
			},
			want: []string{"phase Ready", wantCronJob, "start first of daily"}},
		"in a namespace that is being deleted nothing is made": {
			change: func(f *world) { f.Leaving = true },
			want:   []string{"phase NotReady"},
			ready:  []string{"Namespace demo is being deleted"}},
		"there, what exists still follows the spec": {
			change: func(f *world) {
				f.Leaving = true
				f.CronJobs = map[string]configuration.CronJob{"daily": {Name: "trigger-app-daily"}}
			},
			want:  []string{"phase NotReady", wantCronJob},
			ready: []string{"Namespace demo is being deleted"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			facts := complete()
			if row.change != nil {
				row.change(&facts)
			}
			verdict := facts.decide()
			if got := summary(verdict); !reflect.DeepEqual(got, row.want) {
				t.Errorf("got  %q\nwant %q", got, row.want)
			}
			condition := metav1alpha1.FindCondition(verdict.Status.Conditions, corev1alpha1.ConditionReady)
			if condition == nil {
				t.Fatal("no Ready condition")
			}
			for _, want := range row.ready {
				if !strings.Contains(condition.Message, want) {
					t.Errorf("Ready says %q, not %q", condition.Message, want)
				}
			}
			if isReady := verdict.Status.Phase == corev1alpha1.BackupConfigurationPhaseReady; isReady != (verdict.Stalled == "") {
				t.Errorf("phase %s, stalled by %q", verdict.Status.Phase, verdict.Stalled)
			}
		})
	}
}

func TestRivals(t *testing.T) {
	rival := func(namespace, name, repository string, at time.Time) configuration.Rival {
		return configuration.Rival{
			Location: configuration.Location{Storage: s3, Path: "dep"}, Kind: corev1alpha1.KindBackupConfiguration, Namespace: namespace, Name: name,
			Repository: repository, Created: metav1.NewTime(at),
		}
	}
	before, after := created.Add(-time.Minute), created.Add(time.Minute)
	for sentence, row := range map[string]struct {
		rival configuration.Rival
		held  bool
		want  corev1alpha1.BackupConfigurationPhase
	}{
		"an older one was first":                      {rival("demo", "other", "theirs", before), false, corev1alpha1.BackupConfigurationPhaseInvalid},
		"a younger one gives way":                     {rival("demo", "other", "theirs", after), false, corev1alpha1.BackupConfigurationPhaseReady},
		"of the same age, the name decides":           {rival("demo", "aaa", "theirs", created.Time), false, corev1alpha1.BackupConfigurationPhaseInvalid},
		"of the same age, the name decides us":        {rival("demo", "zzz", "theirs", created.Time), false, corev1alpha1.BackupConfigurationPhaseReady},
		"whoever has the Repository keeps it":         {rival("demo", "other", "theirs", before), true, corev1alpha1.BackupConfigurationPhaseReady},
		"one Repository may be shared in a namespace": {rival("demo", "other", "repo", before), false, corev1alpha1.BackupConfigurationPhaseReady},
		"but not across namespaces":                   {rival("elsewhere", "other", "repo", before), false, corev1alpha1.BackupConfigurationPhaseInvalid},
	} {
		t.Run(sentence, func(t *testing.T) {
			facts := complete()
			facts.Rivals = []configuration.Rival{row.rival}
			if row.held {
				facts.Repositories = map[string]storagev1alpha1.Repository{"repo": {
					ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "repo"},
					Spec:       storagev1alpha1.RepositorySpec{StorageRef: s3, Path: "/dep/"},
				}}
			}
			verdict := facts.decide()
			if verdict.Status.Phase != row.want {
				t.Errorf("phase is %s", verdict.Status.Phase)
			}
			condition := metav1alpha1.FindCondition(verdict.Status.Conditions, corev1alpha1.ConditionValidationPassed)
			if row.want == corev1alpha1.BackupConfigurationPhaseInvalid && !strings.Contains(condition.Message, row.rival.Namespace+"/"+row.rival.Name) {
				t.Errorf("%q doesn't name the other", condition.Message)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	facts := complete()
	facts.Repositories = map[string]storagev1alpha1.Repository{"repo": {
		ObjectMeta: metav1.ObjectMeta{Name: "repo", Namespace: "demo"},
		Status: storagev1alpha1.RepositoryStatus{Phase: storagev1alpha1.RepositoryPhaseNotReady, Conditions: []metav1alpha1.Condition{{
			Type: storagev1alpha1.ConditionRepositoryInitialized, Status: metav1.ConditionFalse, Message: "no bucket"}}},
	}}
	verdict := facts.decide()
	status := written(verdict.Status)
	if !ptr.Deref(status.TargetFound, false) || !ptr.Deref(status.Backends[0].Ready, false) || status.Backends[0].Storage.Ref != s3 ||
		!ptr.Deref(status.Backends[0].RetentionPolicy.Found, false) {
		t.Errorf("backends %+v", status.Backends)
	}
	if r := status.Repositories[0]; r.Name != "repo" || r.Phase != storagev1alpha1.RepositoryPhaseNotReady || r.Reason != "no bucket" {
		t.Errorf("repositories %+v", status.Repositories)
	}
	if next := status.Sessions[0].NextSchedule; next != "2026-01-02T03:05:00Z" {
		t.Errorf("next schedule is %q", next)
	}
	if verdict.WakeUp != 56*time.Second {
		t.Errorf("wakes up after %v: the next schedule is outdated until then", verdict.WakeUp)
	}
	for conditionType, want := range map[string]string{
		corev1alpha1.ConditionSchedulerEnsured:       "Scheduler has been ensured successfully.",
		corev1alpha1.ConditionInitialBackupTriggered: "Initial backup has been triggered successfully.",
	} {
		if c := metav1alpha1.FindCondition(status.Sessions[0].Conditions, conditionType); c == nil || c.Message != want {
			t.Errorf("%s is %+v", conditionType, c)
		}
	}
	again := facts
	again.Configuration.Status = status
	again.Now = metav1.NewTime(now.Add(time.Second))
	if second := again.decide(); !reflect.DeepEqual(written(second.Status), status) {
		t.Error("a second pass over the same facts changes the status")
	}
}

func TestAnIntentThatFailedIsTakenBack(t *testing.T) {
	facts := complete()
	verdict := facts.decide()
	status := verdict.Status
	of := invoker.Of(&facts.Configuration)
	configuration.Failed(of, &status, configuration.EnsureCronJob{Session: "daily"}, "no room", now)
	configuration.Unstarted(&of.Seen, &status, "daily")
	if status.Phase != corev1alpha1.BackupConfigurationPhaseNotReady || status.Sessions[0].NextSchedule != "" {
		t.Errorf("phase is %s, next schedule %q", status.Phase, status.Sessions[0].NextSchedule)
	}
	if c := metav1alpha1.FindCondition(status.Sessions[0].Conditions, corev1alpha1.ConditionSchedulerEnsured); c.Status != metav1.ConditionFalse || c.Message != "no room" {
		t.Errorf("got %+v", c)
	}
	if metav1alpha1.HasCondition(status.Sessions[0].Conditions, corev1alpha1.ConditionInitialBackupTriggered) {
		t.Error("a backup that was not started counts as started")
	}
}

func TestTheSameFailureAgainChangesNothing(t *testing.T) {
	for _, intent := range []configuration.Intent{
		configuration.EnsureCronJob{Session: "daily"}, configuration.StartFirst{Session: "daily"},
		configuration.EnsureRepository{Info: corev1alpha1.RepositoryInfo{Name: "repo"}},
	} {
		facts := complete()
		facts.Targets = nil // so that Ready is false, and is told twice in a pass
		var last corev1alpha1.BackupConfigurationStatus
		for i := range 3 {
			facts.Now = metav1.NewTime(now.Add(time.Duration(i) * time.Second))
			status := facts.decide().Status
			configuration.Failed(invoker.Of(&facts.Configuration), &status, intent, "no room", facts.Now)
			facts.Configuration.Status = written(status)
			if i > 0 && !reflect.DeepEqual(last, facts.Configuration.Status) {
				t.Errorf("%T: was %+v\nis %+v", intent, last, facts.Configuration.Status)
			}
			last = facts.Configuration.Status
		}
	}
}

// deletion is the facts and the object that they are about.
type deletion struct {
	configuration.DeletionFacts
	Configuration *corev1alpha1.BackupConfiguration
}

func TestDelete(t *testing.T) {
	appRef := metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: "Deployment", Namespace: "demo", Name: "app"}
	for sentence, row := range map[string]struct {
		change func(*deletion)
		policy corev1alpha1.RepositoryDeletionPolicy
		want   []configuration.DropRepository
	}{
		"no policy means Delete": {nil, "", []configuration.DropRepository{{Name: "repo"}}},
		"Delete":                 {nil, corev1alpha1.RepositoryDeletionPolicyDelete, []configuration.DropRepository{{Name: "repo"}}},
		"WipeOut":                {nil, corev1alpha1.RepositoryDeletionPolicyWipeOut, []configuration.DropRepository{{Name: "repo", WipeOut: true}}},
		"Retain":                 {nil, corev1alpha1.RepositoryDeletionPolicyRetain, nil},
		"marked by a blueprint": {func(f *deletion) {
			f.Configuration.Annotations = map[string]string{configuration.AnnotationKeepRepositories: "true"}
		}, corev1alpha1.RepositoryDeletionPolicyWipeOut, nil},
		"used by another":        {func(f *deletion) { f.SharedBy = map[string][]string{"repo": {"other"}} }, corev1alpha1.RepositoryDeletionPolicyWipeOut, nil},
		"of another application": {func(f *deletion) { f.Configuration.Spec.Target.Name = "other" }, corev1alpha1.RepositoryDeletionPolicyWipeOut, nil},
		"in another directory": {func(f *deletion) {
			f.Configuration.Spec.Sessions[0].Repositories[0].Directory = "/else"
		}, corev1alpha1.RepositoryDeletionPolicyWipeOut, nil},
		"gone already": {func(f *deletion) { f.Repositories = nil }, "", nil},
		"another session retains it": {func(f *deletion) {
			weekly := session("weekly", "repo", "/dep")
			weekly.Repositories[0].DeletionPolicy = corev1alpha1.RepositoryDeletionPolicyRetain
			f.Configuration.Spec.Sessions = append(f.Configuration.Spec.Sessions, weekly)
		}, corev1alpha1.RepositoryDeletionPolicyWipeOut, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			bc := complete().Configuration
			bc.Spec.Sessions[0].Repositories[0].DeletionPolicy = row.policy
			facts := deletion{Configuration: &bc}
			facts.DeletionFacts = configuration.DeletionFacts{Repositories: map[string]storagev1alpha1.Repository{"repo": {
				ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "repo"},
				Spec:       storagev1alpha1.RepositorySpec{AppRef: appRef, StorageRef: s3, Path: "dep"},
			}}}
			if row.change != nil {
				row.change(&facts)
			}
			facts.Invoker = invoker.Of(facts.Configuration)
			if got := configuration.Delete(facts.DeletionFacts); !reflect.DeepEqual(got, row.want) {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	policy := func(from metav1alpha1.NamespacesFromPolicy) *metav1alpha1.UsagePolicy {
		return &metav1alpha1.UsagePolicy{AllowedNamespaces: metav1alpha1.AllowedNamespaces{
			From: from, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": "a"}}}}
	}
	storage := func(namespace, name string, isDefault bool, from metav1alpha1.NamespacesFromPolicy) storagev1alpha1.BackupStorage {
		return storagev1alpha1.BackupStorage{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
			Spec:       storagev1alpha1.BackupStorageSpec{Default: isDefault, UsagePolicy: policy(from)},
		}
	}
	all, selected, same := metav1alpha1.NamespacesFromAll, metav1alpha1.NamespacesFromSelector, metav1alpha1.NamespacesFromSame
	for sentence, row := range map[string]struct {
		storages []storagev1alpha1.BackupStorage
		want     string
	}{
		"none":                            {nil, ""},
		"one that isn't the default":      {[]storagev1alpha1.BackupStorage{storage("demo", "a", false, same)}, ""},
		"the namespace's own":             {[]storagev1alpha1.BackupStorage{storage("x", "a", true, all), storage("demo", "b", true, same)}, "demo/b"},
		"one that selects the namespace":  {[]storagev1alpha1.BackupStorage{storage("x", "a", true, all), storage("y", "b", true, selected)}, "y/b"},
		"one for all":                     {[]storagev1alpha1.BackupStorage{storage("x", "b", true, all), storage("x", "a", true, all)}, "x/a"},
		"another namespace's own is none": {[]storagev1alpha1.BackupStorage{storage("x", "a", true, same)}, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			bc := complete().Configuration
			bc.Spec.Backends = nil
			of := invoker.Of(&bc)
			configuration.Default(of, configuration.Surroundings{NamespaceLabels: map[string]string{"team": "a"}, Storages: row.storages})
			got := ""
			if len(of.Backends) > 0 {
				got = of.Backends[0].StorageRef.Namespace + "/" + of.Backends[0].StorageRef.Name
			}
			if got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestCleanPath(t *testing.T) {
	for in, want := range map[string]string{"/dep": "dep", "dep/": "dep", "a//b/./c": "a/b/c", "../x": "x", "": "", "/": ""} {
		if got := configuration.CleanPath(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
