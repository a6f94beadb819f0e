// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/retention"
	"kubestash.com/kubestash/internal/domain/snapshot"
	"kubestash.com/kubestash/internal/engine"
)

var update = flag.Bool("update", false, "rewrite the golden transcripts")

// world is a cluster in miniature: it carries a Verdict's intents out, and tells what happened.
type world struct {
	t     *testing.T
	facts Facts
	now   time.Time
	began time.Time
	out   strings.Builder
	// unit is the target of which the following tells; empty for the only one.
	unit string
	// uploadError makes writing documents fail.
	uploadError error
	// attempts are those of hooks that the operator remembers.
	attempts map[string]hook.Attempt
}

func newWorld(t *testing.T, repositories ...string) *world {
	began := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	w := &world{t: t, now: began, began: began}
	w.facts = Facts{
		Session: corev1alpha1.BackupSession{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-nightly-1795402800", CreationTimestamp: metav1.NewTime(began)},
			Spec: corev1alpha1.BackupSessionSpec{
				Invoker: &corev1.TypedLocalObjectReference{Kind: corev1alpha1.KindBackupConfiguration, Name: "web"},
				Session: "nightly",
			},
		},
		Config: &corev1alpha1.SessionConfig{Name: "nightly"},
	}
	w.facts.Invoker = &invoker.Invoker{
		Kind: corev1alpha1.KindBackupConfiguration, Name: "web", Sessions: []invoker.Session{{SessionConfig: w.facts.Config}},
	}
	w.target("", "web", repositories...)
	return w
}

// target adds what is to be backed up.
func (w *world) target(name, deployment string, repositories ...string) {
	u := Unit{
		Target: name, AppRef: &metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: "Deployment", Name: deployment},
		Components: []string{"dump"}, Jobs: map[string]Job{},
	}
	two := int32(2)
	for _, repo := range repositories {
		u.Repositories = append(u.Repositories, Repository{
			Name: repo, PolicyRef: metav1alpha1.ObjectReference{Namespace: "shop", Name: "keep-two"},
			Policy: &retention.Policy{Last: &two},
		})
	}
	w.facts.Units = append(w.facts.Units, u)
}

// of finds what a target's name stands for.
func (w *world) of(name string) *Unit {
	for i := range w.facts.Units {
		if w.facts.Units[i].Target == name {
			return &w.facts.Units[i]
		}
	}
	w.t.Fatalf("there is no target %q", name)
	return nil
}

// here is the target of which the story tells.
func (w *world) here() *Unit { return w.of(w.unit) }

func (w *world) say(format string, args ...any) { fmt.Fprintf(&w.out, format+"\n", args...) }

// then lets time pass and tells what happened in it.
func (w *world) then(after time.Duration, what string) {
	w.now = w.now.Add(after)
	w.say("")
	w.say("%s  %s", w.now.Sub(w.began), what)
}

// pass decides, tells the decision, and carries it out.
func (w *world) pass() Verdict {
	w.lookAtHooks()
	return w.does(Decide(w.facts, w.now))
}

// does carries a verdict out.
func (w *world) does(v Verdict) Verdict {
	for _, i := range v.Intents {
		what, ok := w.carryOut(i)
		w.say("  do     %s", what)
		if !ok {
			w.say("  again  the pass failed, and is repeated with a growing delay")
			return v
		}
	}
	for _, e := range v.Events {
		kind := "tell"
		if e.Warning {
			kind = "warn"
		}
		w.say("  %s   %s: %s", kind, e.Reason, e.Message)
	}
	w.facts.Session.Status = v.Status
	w.say("  phase  %s%s", v.Status.Phase, wake(v.WakeUp))
	return v
}

// settle passes until nothing is left to be done at this moment, as watches would have it.
func (w *world) settle() {
	for range 5 {
		v := w.pass()
		if len(v.Intents) == 0 || Finished(v.Status) {
			return
		}
	}
	w.t.Fatal("the session does not settle")
}

func wake(after time.Duration) string {
	if after == 0 {
		return ""
	}
	return ", look again in " + after.String()
}

// carryOut reports what it did, and whether that went well.
func (w *world) carryOut(intent Intent) (string, bool) {
	if i, ok := intent.(RecordSnapshot); ok && i.Upload && w.uploadError != nil && w.now.Before(i.GiveUp) {
		return "fail to write the document of " + i.Name, false
	}
	return w.carried(intent), true
}

func (w *world) carried(intent Intent) string {
	switch i := intent.(type) {
	case CreateSnapshot:
		w.setSnapshot(i.Repository, i.Name, i.Status)
		return fmt.Sprintf("create Snapshot %s", i.Name)
	case CreateJobs:
		jobs := w.of(i.Target).Jobs
		for _, c := range i.Components {
			if _, there := jobs[c]; !there {
				jobs[c] = Job{Name: jobName(i.Target, c), Exists: true, Waiting: "it has not been started by its node yet.", Since: w.now}
			}
		}
		return "create Jobs for " + strings.Join(i.Components, ", ") + ofTarget(i.Target) + tellForget(i)
	case Finish:
		w.of(i.Target).Finisher = Job{Name: "job-last", Exists: true}
		return "create the Job of the last step" + ofTarget(i.Target) + tellForget(CreateJobs{Forget: i.Forget}) + tellDocuments(i.Documents)
	case RecordSnapshot:
		return w.record(i)
	case StopJobs:
		for _, u := range w.facts.Units {
			maps.DeleteFunc(u.Jobs, func(_ string, j Job) bool { return slices.Contains(i.Names, j.Name) })
		}
		return "delete Jobs " + strings.Join(i.Names, ", ")
	case DropSnapshots:
		return "delete Snapshots " + strings.Join(i.Names, ", ")
	case DropSessions:
		return "delete BackupSessions " + strings.Join(i.Names, ", ")
	case Retry:
		return fmt.Sprintf("create the BackupSession that tries again, %s after the first, with %d retries left", i.At.Sub(w.began), i.Left)
	case RunHook:
		return w.runs(i)
	case DropSecret:
		return "delete the session's Secret" + ofTarget(i.Target)
	default:
		w.t.Fatalf("unknown intent %T", intent)
		return ""
	}
}

func (w *world) record(i RecordSnapshot) string {
	status := i.Status
	what := "record"
	if i.Upload {
		what = "write the document of, and record,"
	}
	if snapshot.Worked(status) {
		snapshot.Record(&status, w.uploadError, metav1.NewTime(w.now))
	}
	for _, u := range w.facts.Units {
		for _, r := range u.Repositories {
			if SnapshotName(w.facts.Session.Name, r.Name) == i.Name {
				w.setSnapshot(r.Name, i.Name, status)
			}
		}
	}
	return fmt.Sprintf("%s Snapshot %s: %s (%s)", what, i.Name, status.Phase, tellComponents(status))
}

func (w *world) setSnapshot(repository, name string, status storagev1alpha1.SnapshotStatus) {
	w.repository(repository).Snapshot = &storagev1alpha1.Snapshot{
		ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(w.began)}, Status: status,
	}
}

func (w *world) repository(name string) *Repository {
	for i := range w.facts.Units {
		for j := range w.facts.Units[i].Repositories {
			if r := &w.facts.Units[i].Repositories[j]; r.Name == name {
				return r
			}
		}
	}
	w.t.Fatalf("there is no Repository %q", name)
	return nil
}

func jobName(target, component string) string {
	if target == "" {
		return "job-" + component
	}
	return "job-" + target + "-" + component
}

func ofTarget(name string) string {
	if name == "" {
		return ""
	}
	return " of target " + name
}

func tellDocuments(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; write the documents of " + strings.Join(names, ", ")
}

func tellForget(i CreateJobs) string {
	var parts []string
	for _, repo := range slices.Sorted(maps.Keys(i.Forget)) {
		for _, c := range slices.Sorted(maps.Keys(i.Forget[repo])) {
			parts = append(parts, fmt.Sprintf("; if %s succeeds, forget %s in %s", c, strings.Join(i.Forget[repo][c], ", "), repo))
		}
	}
	for _, repo := range slices.Sorted(maps.Keys(i.Check)) {
		if i.Check[repo] {
			parts = append(parts, "; check "+repo)
		}
	}
	return strings.Join(parts, "")
}

func tellComponents(s storagev1alpha1.SnapshotStatus) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(s.Components)) {
		c := s.Components[name]
		part := name + " " + string(c.Phase)
		for _, r := range c.ResticStats {
			if c.Phase == storagev1alpha1.ComponentPhaseRunning && r.Progress != nil {
				part += " " + r.Progress.PercentDone
			}
		}
		if c.Error != "" {
			part += ": " + c.Error
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

// The following are what the world does by itself.

func (w *world) works(component string, done, total int64) {
	job := w.here().Jobs[component]
	job.Waiting, job.Running = "", map[string]storagev1alpha1.Component{}
	for _, r := range w.here().Repositories {
		job.Running[r.Name] = snapshot.Running(repository.ComponentPath("nightly", component),
			&engine.Progress{SecondsElapsed: 5, BytesDone: done, TotalBytes: total})
	}
	w.here().Jobs[component] = job
}

// begins makes a component's pod start, and tell nothing yet.
func (w *world) begins(component string) {
	job := w.here().Jobs[component]
	job.Waiting, job.Running = "", map[string]storagev1alpha1.Component{}
	for _, r := range w.here().Repositories {
		job.Running[r.Name] = snapshot.Running(repository.ComponentPath("nightly", component), nil)
	}
	w.here().Jobs[component] = job
}

// stops makes a component's pod stop, before its Job says what became of it.
func (w *world) stops(component string) {
	job := w.here().Jobs[component]
	job.Running = nil
	w.here().Jobs[component] = job
}

// ends makes a component's pod report: an empty failure is a success.
func (w *world) ends(component, failure string, forgotten ...string) {
	job := w.here().Jobs[component]
	job.Ended, job.Running, job.Waiting, job.Outcomes = true, nil, "", map[string]Outcome{}
	for _, r := range w.here().Repositories {
		o := snapshot.Outcome{Path: repository.ComponentPath("nightly", component), Succeeded: failure == "", Duration: 7 * time.Second}
		if failure == "" {
			ok := true
			o.Integrity, o.Stats = &ok, &engine.Stats{RawBytes: 3 << 20}
			o.Summaries = []engine.Summary{{
				ID: "id-of-" + component, Path: "/data", Files: 12, TotalBytes: 5 << 20, AddedBytes: 1 << 20, StartTime: w.now, EndTime: w.now,
			}}
		} else {
			o.Class, o.Message = engine.ClassUnreadable, failure
		}
		job.Outcomes[r.Name] = Outcome{Component: snapshot.Component(o), Ended: w.now, Forgotten: forgotten}
	}
	w.here().Jobs[component] = job
}

func (w *world) dies(component, why string) {
	job := w.here().Jobs[component]
	job.Ended, job.Running, job.Waiting, job.Failure = true, nil, "", why
	w.here().Jobs[component] = job
}

// past adds an older Snapshot with one restic id.
func (w *world) past(repository, name string, age time.Duration, phase storagev1alpha1.SnapshotPhase) {
	at := metav1.NewTime(w.began.Add(-age))
	s := storagev1alpha1.Snapshot{
		ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: at},
		Status:     storagev1alpha1.SnapshotStatus{Phase: phase, SnapshotTime: &at},
	}
	if phase == storagev1alpha1.SnapshotPhaseSucceeded {
		s.Status.Components = map[string]storagev1alpha1.Component{"dump": {
			ResticStats: []storagev1alpha1.ResticStats{{Summary: &storagev1alpha1.ResticSummary{ID: "id-of-" + name}}},
		}}
	}
	r := w.repository(repository)
	r.Past = append(r.Past, s)
}

// verify compares the transcript with the golden file of the story's name.
func (w *world) verify(story string) {
	w.t.Helper()
	file := filepath.Join("testdata", strings.NewReplacer(" ", "-", ",", "").Replace(story)+".golden")
	got := story + "\n" + w.out.String()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		w.t.Fatalf("reading the golden transcript: %v (make it with -update, and read it)", err)
	}
	if got != string(want) {
		w.t.Errorf("the story changed.\n--- want\n%s\n--- got\n%s", want, got)
	}
}
