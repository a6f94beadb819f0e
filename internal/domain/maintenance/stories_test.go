// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package maintenance

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
)

var update = flag.Bool("update", false, "rewrite the golden transcripts")

const path = "repository/v1/nightly/dump"

// world is one Repository's cluster: it carries intents out, and tells what happened.
type world struct {
	t     *testing.T
	facts Facts
	now   time.Time
	began time.Time
	jobs  int
	// crowd is how many other maintenances of the storage are at work.
	crowd int
	out   strings.Builder
}

func newWorld(t *testing.T) *world {
	began := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) // a Monday
	w := &world{t: t, now: began, began: began}
	w.facts = Facts{
		Key: "shop/repo", Paths: []string{path},
		Settings: Effective(&storagev1alpha1.MaintenanceSpec{
			Prune: storagev1alpha1.PruneSpec{Schedule: "0 2 * * 0"}, Check: storagev1alpha1.CheckSpec{Schedule: "0 3 * * 3", ReadDataSubset: "1/4"},
		}, nil),
	}
	return w
}

func (w *world) say(format string, args ...any) { fmt.Fprintf(&w.out, format+"\n", args...) }

func (w *world) then(when, what string) {
	w.t.Helper()
	at, err := time.Parse("2006-01-02 15:04", when)
	if err != nil {
		w.t.Fatal(err)
	}
	w.now = at
	w.say("")
	w.say("%s  %s", w.now.Format("Mon 2 Jan 15:04"), what)
	w.pass()
}

func (w *world) pass() {
	v := Decide(w.facts, w.now)
	for _, i := range v.Intents {
		switch i := i.(type) {
		case Start:
			if w.crowd >= w.facts.Settings.MaxConcurrent {
				w.say("  full   %d others are at work", w.crowd)
				v.Postponed("Maintenance is due and waits for its turn.")
				continue
			}
			w.jobs++
			w.facts.Job = Job{Exists: true, Name: fmt.Sprint("maintain-", w.jobs), UID: fmt.Sprint("uid-", w.jobs), Started: w.now,
				Prune: i.Prune, Check: i.Check, Subset: i.Subset, Request: w.facts.Request}
			w.say("  do     create Job %s: %s", w.facts.Job.Name, describe(i))
			v.Started(w.facts, w.facts.Job.Name, w.facts.Job.UID, i, w.now)
		case DropSecret:
			w.say("  do     delete the Secret of Job %s", v.Status.Job)
		}
	}
	for _, c := range v.Conditions {
		old := metav1alpha1.FindCondition(w.facts.Conditions, c.Type)
		if old == nil || old.Status != c.Status || old.Message != c.Message {
			w.say("  set    %s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message)
		}
	}
	for _, e := range v.Events {
		w.say("  tell   %s: %s", e.Reason, e.Message)
	}
	w.facts.Status, w.facts.Conditions = &v.Status, v.Conditions
	line := fmt.Sprintf("  next   prune %s, check %s", stamp(v.Status.Prune.NextTime), stamp(v.Status.Check.NextTime))
	if v.Status.Phase != "" {
		line = fmt.Sprintf("  phase  %s\n", v.Status.Phase) + line
	}
	if v.WakeUp > 0 {
		line += fmt.Sprintf("; look again in %s", v.WakeUp)
	}
	w.say("%s", line)
}

func stamp(t *metav1.Time) string {
	if t == nil {
		return "never"
	}
	return t.Format("Mon 2 Jan 15:04")
}

// reports ends the Job with a report.
func (w *world) reports(change func(*Result)) {
	whole, freed := true, int64(3<<20)
	r := Result{Path: path}
	if w.facts.Job.Check {
		r.Integrity = &whole
	}
	if w.facts.Job.Prune {
		r.Pruned, r.FreedBytes = true, &freed
	}
	if change != nil {
		change(&r)
	}
	w.facts.Job.Ended, w.facts.Job.Results = true, []Result{r}
}

func (w *world) dies(failure string) { w.facts.Job.Ended, w.facts.Job.Failure = true, failure }

func (w *world) verify(story string) {
	w.t.Helper()
	got := story + "\n" + w.out.String()
	file := filepath.Join("testdata", strings.NewReplacer(" ", "-", ",", "").Replace(story)+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			w.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != got {
		w.t.Errorf("%v; got:\n%s\nwant:\n%s", err, got, want)
	}
}

func TestStories(t *testing.T) {
	no := false
	for story, tell := range map[string]func(w *world){
		"a week of a Repository": func(w *world) {
			w.then("2026-11-23 12:00", "the Repository is new")
			w.then("2026-11-25 03:00", "the time of the check has come")
			w.reports(nil)
			w.then("2026-11-25 03:10", "the pod reports that all is whole")
			w.then("2026-11-29 02:00", "the time of the prune has come")
			w.reports(nil)
			w.then("2026-11-29 02:20", "the pod reports what it freed")
			w.then("2026-12-02 03:00", "the next check reads the next part")
		},
		"a backup is at work when it is due, and goes first": func(w *world) {
			w.then("2026-11-23 12:00", "the Repository is new")
			w.facts.Busy = []string{"BackupSession web-nightly-1"}
			w.then("2026-11-25 03:00", "the time of the check has come")
			w.then("2026-11-25 03:01", "a minute later nothing is told twice")
			w.facts.Busy = nil
			w.then("2026-11-25 03:05", "the backup has finished")
		},
		"the storage has enough to do": func(w *world) {
			w.then("2026-11-23 12:00", "the Repository is new")
			w.crowd = 2
			w.then("2026-11-25 03:00", "the time of the check has come")
			w.crowd = 1
			w.then("2026-11-25 03:01", "one of the others has ended")
		},
		"what was missed while the operator was away is made up for once": func(w *world) {
			w.then("2026-11-23 12:00", "the Repository is new")
			w.then("2026-12-31 12:00", "five weeks later the operator is back")
			w.reports(nil)
			w.then("2026-12-31 13:00", "the pod reports")
		},
		"damage is found": func(w *world) {
			w.then("2026-11-23 12:00", "the Repository is new")
			w.then("2026-11-25 03:00", "the time of the check has come")
			w.reports(func(r *Result) {
				r.Integrity, r.Class, r.Message = &no, engine.ClassDamaged, "pack 1f2e: not found in index"
			})
			w.then("2026-11-25 03:10", "the pod reports damage")
			w.then("2026-11-29 02:00", "nothing is pruned while that is so")
			w.facts.Request = "after the repair"
			w.then("2026-11-29 12:00", "somebody has repaired it and asks for a check")
			w.reports(nil)
			w.then("2026-11-29 12:10", "the pod reports that all is whole")
		},
		"a prune that fails is tried again at the next time": func(w *world) {
			w.then("2026-11-23 12:00", "the Repository is new")
			w.facts.Settings.Check.Paused = true
			w.then("2026-11-29 02:00", "the time of the prune has come; checks are paused")
			w.reports(func(r *Result) {
				r.Pruned, r.FreedBytes = false, nil
				r.Class, r.Message = engine.ClassOutOfMemory, "pruning the repository: restic was killed (exit 137), most likely for using more memory than the container's limit of 256 MiB"
			})
			w.then("2026-11-29 02:20", "the pod reports that restic was killed")
			w.then("2026-11-29 02:21", "a minute later nothing happens")
			w.then("2026-12-06 02:00", "a week later it is tried again")
			w.reports(func(r *Result) { r.LocksRemoved = []string{"maintain-1-abcde"} })
			w.then("2026-12-06 02:20", "the pod reports success")
		},
		"the pod dies without a report": func(w *world) {
			w.then("2026-11-23 12:00", "the Repository is new")
			w.then("2026-11-25 03:00", "the time of the check has come")
			w.dies("its pod was killed (exit code 137, OOMKilled) under a memory limit of 64Mi; if it ran out of memory, raise the limit in maintenance.resources.")
			w.then("2026-11-25 03:10", "the Job failed")
		},
		"the Job is deleted by somebody": func(w *world) {
			w.then("2026-11-23 12:00", "the Repository is new")
			w.then("2026-11-25 03:00", "the time of the check has come")
			w.facts.Job = Job{}
			w.then("2026-11-25 03:05", "the Job is gone")
		},
		"the pod does not start": func(w *world) {
			w.then("2026-11-23 12:00", "the Repository is new")
			w.then("2026-11-25 03:00", "the time of the check has come")
			w.facts.Job.Waiting, w.facts.Job.Since = "Unschedulable 0/2 nodes are available: 2 Insufficient memory.", w.now
			w.then("2026-11-25 03:01", "a minute later")
			w.then("2026-11-25 03:02", "two minutes later")
			w.then("2026-11-25 03:03", "nothing is told twice")
		},
		"a Job whose status was never written is found again": func(w *world) {
			w.then("2026-11-23 12:00", "the Repository is new")
			before := *w.facts.Status
			w.then("2026-11-25 03:00", "the time of the check has come")
			w.facts.Status = &before
			w.then("2026-11-25 03:01", "the operator was restarted before it could write the status")
			w.reports(nil)
			w.then("2026-11-25 03:10", "the pod reports that all is whole")
		},
		"a Job that a user asked for, and whose status was never written, is not made again": func(w *world) {
			w.facts.Settings.Check.Paused, w.facts.Settings.Prune.Paused = true, true
			w.then("2026-11-23 12:00", "the Repository is new")
			w.facts.Request = "first"
			w.then("2026-11-24 12:00", "the annotation changes")
			w.reports(nil)
			w.then("2026-11-24 12:10", "the pod reports")
			before := *w.facts.Status
			w.facts.Request = "second"
			w.then("2026-11-24 12:20", "the annotation changes again")
			w.facts.Status, w.facts.Next = &before, w.facts.Job.Name
			w.facts.Job.Started = w.now.Add(-time.Hour)
			w.then("2026-11-24 12:21", "the operator was replaced before it could write the status, and the API server's clock is an hour behind")
			w.reports(nil)
			w.then("2026-11-24 12:30", "the pod reports")
			w.then("2026-11-24 12:40", "that was all")
		},
		"a user asks for it now, although it is paused": func(w *world) {
			w.facts.Settings.Check.Paused, w.facts.Settings.Prune.Paused = true, true
			w.facts.Request = "was there before"
			w.then("2026-11-23 12:00", "the Repository comes with an old request")
			w.facts.Request = "2026-11-24"
			w.then("2026-11-24 12:00", "the annotation changes")
			w.reports(nil)
			w.then("2026-11-24 12:10", "the pod reports")
			w.then("2026-11-25 12:10", "that was all")
		},
		"the storage is not ready when it is due": func(w *world) {
			w.then("2026-11-23 12:00", "the Repository is new")
			w.facts.Obstacle = "BackupStorage shop/s3 is not ready: BackendUnreachable: connection refused."
			w.then("2026-11-25 03:00", "the time of the check has come")
			w.facts.Obstacle = ""
			w.then("2026-11-25 03:30", "the storage is back")
		},
		"there is nothing to maintain yet": func(w *world) {
			w.facts.Paths = nil
			w.then("2026-11-23 12:00", "the Repository is new")
			w.then("2026-11-25 03:00", "the time of the check has come before the first backup")
		},
		"a schedule that nobody can read": func(w *world) {
			w.facts.Settings.Prune.Schedule = "every now and then"
			w.then("2026-11-23 12:00", "the Repository is new")
			w.then("2026-11-25 03:00", "the check goes its way")
		},
	} {
		t.Run(story, func(t *testing.T) {
			w := newWorld(t)
			tell(w)
			w.verify(story)
		})
	}
}

func TestEffective(t *testing.T) {
	yes, no, five := true, false, int32(5)
	type own = storagev1alpha1.MaintenanceSpec
	type preset = storagev1alpha1.StorageMaintenanceSpec
	for sentence, c := range map[string]struct {
		own    *own
		preset *preset
		want   string
	}{
		"nothing is set": {nil, nil, "prune H H * * H 5% ; check H H * * H 1/52; 6h0m0s; 2"},
		"the storage says something": {nil, &preset{MaintenanceSpec: own{
			Prune: storagev1alpha1.PruneSpec{Schedule: "@daily", MaxUnused: "0", MaxRepackSize: "10G"}, Timeout: &metav1.Duration{Duration: time.Hour},
		}, MaxConcurrent: &five}, "prune @daily 0 10G; check H H * * H 1/52; 1h0m0s; 5"},
		"the Repository wins, field by field": {
			&own{Prune: storagev1alpha1.PruneSpec{Schedule: "@weekly"}, Check: storagev1alpha1.CheckSpec{ReadDataSubset: "5%"}},
			&preset{MaintenanceSpec: own{Prune: storagev1alpha1.PruneSpec{Schedule: "@daily", MaxUnused: "0"}}},
			"prune @weekly 0 ; check H H * * H 5%; 6h0m0s; 2"},
		"the storage pauses all":                         {nil, &preset{MaintenanceSpec: own{Paused: &yes}}, "paused; paused; 6h0m0s; 2"},
		"a Repository goes on though the storage pauses": {&own{Paused: &no}, &preset{MaintenanceSpec: own{Paused: &yes}}, "prune H H * * H 5% ; check H H * * H 1/52; 6h0m0s; 2"},
		"one kind is paused":                             {&own{Check: storagev1alpha1.CheckSpec{Paused: &yes}}, nil, "prune H H * * H 5% ; paused; 6h0m0s; 2"},
	} {
		s := Effective(c.own, c.preset)
		prune, check := fmt.Sprintf("prune %s %s %s", s.Prune.Schedule, s.MaxUnused, s.MaxRepackSize), fmt.Sprintf("check %s %s", s.Check.Schedule, s.ReadDataSubset)
		if s.Prune.Paused {
			prune = "paused"
		}
		if s.Check.Paused {
			check = "paused"
		}
		if got := fmt.Sprintf("%s; %s; %s; %d", prune, check, s.Timeout, s.MaxConcurrent); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", sentence, got, c.want)
		}
	}
}

func TestSubset(t *testing.T) {
	for _, c := range [][3]string{
		{"1/52", "", "1/52"}, {"1/52", "1/52", "2/52"}, {"1/52", "52/52", "1/52"}, {"1/12", "3/52", "1/12"},
		{"1/1", "1/1", "1/1"}, {"5%", "1/52", "5%"}, {"10G", "", "10G"}, {"0", "1/52", ""}, {"1/4", "x/4", "1/4"},
	} {
		if got := Subset(c[0], c[1]); got != c[2] {
			t.Errorf("after %q, %q reads %q; want %q", c[1], c[0], got, c[2])
		}
	}
}

func TestAfterDamageTheSameIsReadAgain(t *testing.T) {
	for last, want := range map[string]string{"3/52": "3/52", "": "", "5%": "100%", "10G": "100%", "100%": "100%"} {
		if got := Again(last); got != want {
			t.Errorf("after %q it reads %q, want %q", last, got, want)
		}
	}
}

func TestRepositoriesAreSpreadOverTheWeek(t *testing.T) {
	slots := map[time.Time]int{}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for i := range 200 {
		v := Decide(Facts{Key: fmt.Sprint("shop/repo-", i), Settings: Effective(nil, nil), Paths: []string{path}}, now)
		if v.Status.Prune.NextTime.Equal(v.Status.Check.NextTime) {
			t.Errorf("repo-%d is pruned and checked at the same time", i)
		}
		slots[v.Status.Prune.NextTime.Truncate(time.Hour)]++
	}
	most := 0
	for _, n := range slots {
		most = max(most, n)
	}
	if len(slots) < 80 || most > 8 {
		t.Errorf("200 Repositories share %d hours of the week, up to %d in one", len(slots), most)
	}
}

func TestManyRestics(t *testing.T) {
	w := newWorld(t)
	w.facts.Paths = nil
	for i := range 9 {
		w.facts.Paths = append(w.facts.Paths, fmt.Sprint("repository/v1/nightly/dump-", i))
	}
	w.then("2026-11-23 12:00", "new")
	w.then("2026-11-25 03:00", "due")
	w.facts.Job.Ended = true
	for i, p := range slices.Backward(w.facts.Paths) {
		whole := i < 5
		r := Result{Path: p, Integrity: &whole}
		if !whole {
			r.Class, r.Message = engine.ClassDamaged, "broken"
		}
		w.facts.Job.Results = append(w.facts.Job.Results, r)
	}
	v := Decide(w.facts, w.now.Add(time.Minute))
	if len(v.Status.Repositories) != 9 || v.Status.Repositories[0].Path != w.facts.Paths[0] || v.Status.Repositories[8].Error != "RepositoryDamaged: broken" {
		t.Errorf("got %+v", v.Status.Repositories)
	}
	c := metav1alpha1.FindCondition(v.Conditions, storagev1alpha1.ConditionIntegrityVerified)
	if c == nil || c.Status != metav1.ConditionFalse || !strings.Contains(c.Message, "and 1 more") {
		t.Errorf("got %+v", c)
	}
}
