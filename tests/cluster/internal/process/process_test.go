// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	const tail = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20 21"
	for sentence, line := range map[string]string{
		"a plain name":                   "12 (etcd)" + tail,
		"a name with spaces":             "12 (my server)" + tail,
		"a name with parentheses in it":  "12 (a) S 9 (b))" + tail,
		"a name that looks like a state": "12 () Z 1 2 3)" + tail,
	} {
		t.Run(sentence, func(t *testing.T) {
			s, err := parseStat(line)
			if err != nil || s.state != "S" || s.start != "4242" {
				t.Errorf("parseStat = %+v, %v", s, err)
			}
		})
	}
	for _, line := range []string{"", "12 etcd S", "12 (etcd) S 1 2"} {
		if s, err := parseStat(line); err == nil {
			t.Errorf("parseStat(%q) = %+v, want an error", line, s)
		}
	}
}

func table(t *testing.T) Table {
	t.Helper()
	dir := t.TempDir()
	return Table{Dir: filepath.Join(dir, "records"), Logs: filepath.Join(dir, "logs"), State: dir, Now: time.Now}
}

func sleeper(name string, inputs ...string) Spec {
	return Spec{Name: name, Argv: []string{"/bin/sleep", "600"}, Inputs: inputs}
}

func TestAServerIsStartedOnceAndAgainWhenItChanges(t *testing.T) {
	tb := table(t)
	t.Cleanup(func() { _ = tb.Stop("s", time.Second) })
	for i, step := range []struct {
		spec    Spec
		started bool
	}{{sleeper("s"), true}, {sleeper("s"), false}, {sleeper("s", "new config"), true}, {sleeper("s", "new config"), false}} {
		started, err := tb.Ensure(step.spec)
		if err != nil || started != step.started {
			t.Fatalf("step %d: started %t, %v, want %t", i, started, err, step.started)
		}
	}
	found, err := tb.Marked()
	if err != nil || len(found) != 1 {
		t.Errorf("found %d servers of ours, %v, want the one that runs", len(found), err)
	}
}

func TestStopEndsAndForgets(t *testing.T) {
	tb := table(t)
	if _, err := tb.Ensure(sleeper("s")); err != nil {
		t.Fatal(err)
	}
	r, err := tb.Record("s")
	if err != nil || !r.IsAlive() {
		t.Fatalf("the server doesn't run: %+v, %v", r, err)
	}
	if err := tb.Stop("s", 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if r.IsAlive() {
		t.Error("the server still runs")
	}
	if records, err := tb.Records(); err != nil || len(records) != 0 {
		t.Errorf("records are %v, %v", records, err)
	}
	if err := tb.Stop("never started", time.Second); err != nil {
		t.Errorf("stopping what doesn't run: %v", err)
	}
}

func TestARecordOfAnotherProcessIsDead(t *testing.T) {
	boot, err := Boot()
	if err != nil {
		t.Fatal(err)
	}
	s, err := readStat(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	mine := Record{PID: os.Getpid(), Start: s.start, Boot: boot}
	if !mine.IsAlive() {
		t.Fatal("this very process isn't alive")
	}
	reused, rebooted := mine, mine
	reused.Start = "1"
	rebooted.Boot = "another"
	for sentence, r := range map[string]Record{"an id used again": reused, "another boot": rebooted, "no record": {}, "init": {PID: 1, Boot: boot}} {
		if r.IsAlive() {
			t.Errorf("%s counts as alive", sentence)
		}
	}
}

func TestSweepFindsWhatHasNoRecord(t *testing.T) {
	tb := table(t)
	if _, err := tb.Ensure(sleeper("s")); err != nil {
		t.Fatal(err)
	}
	r, err := tb.Record("s")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(tb.Dir); err != nil {
		t.Fatal(err)
	}
	if n, err := tb.Sweep(5 * time.Second); err != nil || n != 1 {
		t.Errorf("swept %d, %v, want 1", n, err)
	}
	if r.IsAlive() {
		t.Error("the server still runs")
	}
}

func TestAServerWhoseRecordWasLostIsReplacedAndNotDoubled(t *testing.T) {
	tb := table(t)
	t.Cleanup(func() { _ = tb.Stop("s", time.Second) })
	if _, err := tb.Ensure(sleeper("s")); err != nil {
		t.Fatal(err)
	}
	lost, err := tb.Record("s")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(tb.file("s")); err != nil {
		t.Fatal(err)
	}
	if started, err := tb.Ensure(sleeper("s")); err != nil || !started {
		t.Fatalf("started %t, %v", started, err)
	}
	if found, err := tb.Marked(); err != nil || len(found) != 1 || lost.IsAlive() {
		t.Errorf("%d servers run, %v, the lost one is alive: %t", len(found), err, lost.IsAlive())
	}
}

func TestACutRecordCountsAsNone(t *testing.T) {
	tb := table(t)
	if err := os.MkdirAll(tb.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(tb.file("s"), []byte("{\"pid\": 1"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r, err := tb.Record("s"); err != nil || r.IsAlive() {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestHasEntryMatchesWholeEntries(t *testing.T) {
	environ := []byte("A=1\x00MARK=/state\x00B=2\x00")
	if !hasEntry(environ, []byte("MARK=/state")) || hasEntry(environ, []byte("MARK=/sta")) {
		t.Error("entries aren't compared as a whole")
	}
}
