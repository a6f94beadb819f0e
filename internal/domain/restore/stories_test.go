// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restore

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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

var update = flag.Bool("update", false, "rewrite the golden transcripts")

// world is a cluster in miniature: it carries a Verdict's intents out, and tells what happened.
type world struct {
	t     *testing.T
	facts Facts
	now   time.Time
	began time.Time
	out   strings.Builder
	// runs makes an attempt of a hook, and says so.
	runs func(RunHook) string
}

func newWorld(t *testing.T) *world {
	began := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	found := true
	return &world{t: t, now: began, began: began, facts: Facts{
		Session: corev1alpha1.RestoreSession{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "undo", CreationTimestamp: metav1.NewTime(began)},
		},
		TargetFound: &found, Snapshot: "repo-web-nightly-1795402800", Components: []string{"dump"}, Jobs: map[string]Job{},
	}}
}

func (w *world) say(format string, args ...any) { fmt.Fprintf(&w.out, format+"\n", args...) }

func (w *world) then(after time.Duration, what string) {
	w.now = w.now.Add(after)
	w.say("")
	w.say("%s  %s", w.now.Sub(w.began), what)
}

func (w *world) pass() { w.does(Decide(w.facts, w.now)) }

// does carries a verdict out.
func (w *world) does(v Verdict) {
	for _, i := range v.Intents {
		switch i := i.(type) {
		case CreateJobs:
			for _, c := range i.Components {
				w.facts.Jobs[c] = Job{Name: "job-" + c, Exists: true, Waiting: "it has not been started by its node yet.", Since: w.now}
			}
			w.say("  do     create Jobs for %s", strings.Join(i.Components, ", "))
		case StopJobs:
			w.say("  do     delete Jobs %s", strings.Join(i.Names, ", "))
		case RunHook:
			w.say("  do     %s", w.runs(i))
		case DropSecret:
			w.say("  do     delete the session's Secret")
		default:
			w.t.Fatalf("unknown intent %T", i)
		}
	}
	for _, e := range v.Events {
		kind := "tell"
		if e.Warning {
			kind = "warn"
		}
		w.say("  %s   %s: %s", kind, e.Reason, e.Message)
	}
	for _, name := range slices.Sorted(maps.Keys(v.Status.Components)) {
		c := v.Status.Components[name]
		line := fmt.Sprintf("  status %s %s", name, c.Phase)
		if c.Progress != nil {
			line += " " + c.Progress.PercentDone
		}
		w.say("%s", line)
	}
	for _, c := range v.Status.Conditions {
		if c.Type == corev1alpha1.ConditionRestoreWaiting {
			w.say("  condition %s %s: %s", c.Type, c.Status, c.Reason)
		}
	}
	for _, p := range v.Status.PausedBackups {
		w.say("  paused %s %s", p.Kind, p.Name)
	}
	w.facts.Session.Status = v.Status
	after := ""
	if v.WakeUp > 0 {
		after = ", look again in " + v.WakeUp.String()
	}
	w.say("  phase  %s%s", v.Status.Phase, after)
}

func (w *world) job(component string, change func(*Job)) {
	job := w.facts.Jobs[component]
	change(&job)
	w.facts.Jobs[component] = job
}

func (w *world) verify(story string) {
	w.t.Helper()
	file := filepath.Join("testdata", strings.NewReplacer(" ", "-", ",", "", "'", "").Replace(story)+".golden")
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

// Each story is one life of a RestoreSession; its transcript is in testdata under its name.
func TestStories(t *testing.T) {
	succeeded := func(j *Job) {
		j.Ended, j.Reported, j.Succeeded, j.Working, j.Waiting = true, true, true, false, ""
		j.Restored, j.Duration = ": 12 files and folders, 5.000 MiB", 4*time.Second
	}
	for story, tell := range map[string]func(w *world){
		"the node of a pod is lost": func(w *world) {
			w.then(0, "the session was created")
			w.pass()
			w.then(time.Minute, "the node does not answer any more, and the pod was told to end within a minute")
			w.job("dump", func(j *Job) { j.Working, j.Waiting, j.Overdue, j.Node = true, "", w.now.Add(time.Minute), "node1" })
			w.pass()
			w.then(2*time.Minute+time.Second, "it is more than a minute late")
			w.pass()
		},
		"every byte comes back": func(w *world) {
			w.then(0, "the session was created")
			w.pass()
			w.then(3*time.Second, "the pod works")
			w.job("dump", func(j *Job) {
				j.Working, j.Waiting = true, ""
				j.Progress = &corev1alpha1.RestoreProgress{PercentDone: "40.00%"}
			})
			w.pass()
			w.then(4*time.Second, "the pod reports success")
			w.job("dump", succeeded)
			w.pass()
			w.then(time.Hour, "nothing happens any more")
			w.pass()
		},
		"there is no snapshot, so nothing is written": func(w *world) {
			w.facts.Missing = []Problem{{Message: "Repository repo has no Snapshot that succeeded, so there is nothing to restore."}}
			w.then(0, "the session was created")
			w.pass()
		},
		"nothing is old enough for the point in time": func(w *world) {
			w.facts.Missing = []Problem{{Message: "Repository repo has no Snapshot at or before 2026-11-01T00:00:00Z, so there is nothing to restore; " +
				"the oldest that it has is repo-web-nightly-1795316400 of 2026-11-22T03:00:00Z."}}
			w.then(0, "the session was created")
			w.pass()
		},
		"another namespace's backups need a password of one's own": func(w *world) {
			w.facts.Invalid = []string{Access{Namespace: "shop", Source: "prod"}.Refused()}
			w.then(0, "the session was created")
			w.pass()
		},
		"a second restore waits for the first, and backups are skipped meanwhile": func(w *world) {
			w.facts.Busy = []string{"RestoreSession redo restores into the same target; this one begins when that has ended."}
			w.facts.Paused = []metav1alpha1.TypedObjectReference{{Kind: "BackupConfiguration", Namespace: "shop", Name: "web"}}
			w.then(0, "the session was created while another one was at work")
			w.pass()
			w.then(10*time.Second, "nothing has changed")
			w.pass()
			w.then(2*time.Minute, "now it is a backup that is in the way")
			w.facts.Busy = []string{"BackupSession web-nightly-1 is backing the target up; the restore begins when that has ended."}
			w.pass()
			w.then(10*time.Second, "the target is free")
			w.facts.Busy = nil
			w.pass()
			w.then(4*time.Second, "the pod reports success")
			w.job("dump", succeeded)
			w.pass()
		},
		"into a running application of another name": func(w *world) {
			w.facts.Notes = []string{
				"Snapshot shop/repo-web-nightly-1795402800 is of Deployment web, and is restored into Deployment shop/copy.",
				"Pod copy-0 goes on running with PersistentVolumeClaim data while it is restored: files that it writes meanwhile may mix with restored ones.",
			}
			w.then(0, "the session was created")
			w.pass()
			w.then(4*time.Second, "the pod reports success")
			w.job("dump", succeeded)
			w.pass()
		},
		"the new claim's name is taken by one with files": func(w *world) {
			w.facts.TargetFound = nil
			w.then(0, "the session was created without a target")
			w.pass()
			w.then(4*time.Second, "the pod looks into the volume before it writes")
			w.job("dump", func(j *Job) {
				j.Ended, j.Reported, j.Error = true, true, `PathMissing: the volume at /data was there before and is not empty: it holds "f"; nothing was written.`
			})
			w.pass()
		},
		"the session is invalid": func(w *world) {
			w.facts.Invalid = []string{"spec.dataSource: Required value: say what to restore."}
			w.then(0, "the session was created")
			w.pass()
		},
		"the target comes a little later": func(w *world) {
			found := false
			w.facts.TargetFound = &found
			w.facts.Missing = []Problem{{Message: "Target Deployment shop/web doesn't exist.", MayPass: true}}
			w.then(0, "the session was created before its target")
			w.pass()
			w.then(5*time.Second, "the target is there")
			found = true
			w.facts.Missing = nil
			w.pass()
		},
		"the clock of the operator is ahead of that of the API server": func(w *world) {
			found := false
			w.facts.TargetFound = &found
			w.facts.Session.CreationTimestamp = metav1.NewTime(w.now.Add(-10 * time.Minute))
			w.facts.Missing = []Problem{{Message: "Target Deployment shop/web doesn't exist.", MayPass: true}}
			w.then(0, "the session was created, ten minutes ago by that clock")
			w.pass()
			w.then(59*time.Second, "the target is there")
			found = true
			w.facts.Missing = nil
			w.pass()
		},
		"the target never comes": func(w *world) {
			found := false
			w.facts.TargetFound = &found
			w.facts.Missing = []Problem{{Message: "Target Deployment shop/web doesn't exist.", MayPass: true}}
			w.then(0, "the session was created")
			w.pass()
			w.then(time.Minute, "a minute later")
			w.pass()
		},
		"the pod reports a failure": func(w *world) {
			w.then(0, "the session was created")
			w.pass()
			w.then(4*time.Second, "the pod reports that the volume is full")
			w.job("dump", func(j *Job) {
				j.Ended, j.Reported, j.Error = true, true, "NoSpaceLeft: no space left on device"
			})
			w.pass()
		},
		"the pod dies without a report": func(w *world) {
			w.then(0, "the session was created")
			w.pass()
			w.then(9*time.Second, "the Job failed")
			w.job("dump", func(j *Job) { j.Ended, j.Failure = true, "its pod ended again and again without a report." })
			w.pass()
		},
		"a timeout ends what still runs": func(w *world) {
			w.facts.Session.Spec.RestoreTimeout = &metav1.Duration{Duration: 30 * time.Second}
			w.then(0, "the session was created")
			w.pass()
			w.job("dump", func(j *Job) { j.Working, j.Waiting = true, "" })
			w.then(30*time.Second, "the deadline has come")
			w.pass()
		},
		"two components, one fails": func(w *world) {
			w.facts.Components = []string{"dump-pod-0", "dump-pod-1"}
			w.then(0, "the session was created")
			w.pass()
			w.then(4*time.Second, "one reports success")
			w.job("dump-pod-0", succeeded)
			w.pass()
			w.then(4*time.Second, "the other one a failure")
			w.job("dump-pod-1", func(j *Job) { j.Ended, j.Reported, j.Error = true, true, "SnapshotNotFound: no snapshot 4f2a" })
			w.pass()
		},
	} {
		t.Run(story, func(t *testing.T) {
			w := newWorld(t)
			tell(w)
			w.verify(story)
		})
	}
}
