// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
)

func TestIsOf(t *testing.T) {
	long := strings.Repeat("j", 63)
	for sentence, c := range map[string]struct {
		job, host string
		want      bool
	}{
		"a pod of the Job":                            {"backup-1", "backup-1-x7k2p", true},
		"a pod of a Job whose name is longer":         {"backup-1", "backup-1-dump-x7k2p", false},
		"the Job's name alone":                        {"backup-1", "backup-1", false},
		"a host that only begins like it":             {"backup-1", "backup-1-x7k2", false},
		"a Job of 63 letters, as Kubernetes shortens": {long, long[:58] + "x7k2p", true},
		"no Job":        {"", "-x7k2p", false},
		"a node's name": {"backup-1", "node-1.example.com", false},
	} {
		if got := isOf(c.job, c.host); got != c.want {
			t.Errorf("%s: isOf(%q, %q) = %v", sentence, c.job, c.host, got)
		}
	}
}

func TestMemoryLimit(t *testing.T) {
	for sentence, c := range map[string]struct {
		name, content string
		want          int64
	}{
		"version 2":                 {"sys/fs/cgroup/memory.max", "1000000\n", 900000},
		"version 2 without a limit": {"sys/fs/cgroup/memory.max", "max\n", 0},
		"version 1":                 {"sys/fs/cgroup/memory/memory.limit_in_bytes", "1000000\n", 900000},
		"version 1 without a limit": {"sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n", 0},
		"neither":                   {"etc/passwd", "", 0},
	} {
		if got := MemoryLimit(fstest.MapFS{c.name: {Data: []byte(c.content)}}); got != c.want {
			t.Errorf("%s: got %d, want %d", sentence, got, c.want)
		}
	}
}

func TestProgressIsPrintedOnceASecondPerPath(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	p := newPrinter(&out, func() time.Time { return now })
	for range 25 {
		p.print("repo", engine.Progress{Path: "/a"})
		p.print("repo", engine.Progress{Path: "/b"})
		now = now.Add(100 * time.Millisecond)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 6 {
		t.Errorf("%d lines in 2.5 s, want 3 for each of two paths", len(lines))
	}
	for _, line := range lines {
		var got task.ProgressLine
		if err := json.Unmarshal([]byte(line), &got); err != nil || got.Progress == nil || got.Repository != "repo" {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestFit(t *testing.T) {
	long := strings.Repeat("wörds that do not end, ", 300)
	ids := func(count int) []string {
		var out []string
		for i := range count {
			out = append(out, fmt.Sprintf("%x", sha256.Sum256([]byte{byte(i), byte(i >> 8)})))
		}
		return out
	}
	summaries := func(count int) []engine.Summary {
		var out []engine.Summary
		for i, id := range ids(count) {
			at := time.Date(2026, 1, 1, 0, 0, i, i*997, time.UTC)
			out = append(out, engine.Summary{ID: id, Path: fmt.Sprintf("/data/%d", i), TotalBytes: int64(i) * 99991, StartTime: at, EndTime: at})
		}
		return out
	}
	report := func(entries ...task.RepositoryReport) task.Report {
		return task.Report{Version: task.Version, Component: "dump", Succeeded: true, Repositories: entries}
	}
	for sentence, c := range map[string]struct {
		report    task.Report
		summaries int
	}{
		"a small one is left alone":           {report(task.RepositoryReport{Succeeded: true, Summaries: summaries(2)}), 2},
		"endless messages are cut":            {report(task.RepositoryReport{Message: long, Warning: long, ForgetError: long}, task.RepositoryReport{Message: long}), 0},
		"a long list of forgotten ids is cut": {report(task.RepositoryReport{Forgotten: ids(500), Summaries: summaries(5)}), 5},
		"the ids of forty paths stay":         {report(task.RepositoryReport{Message: long, Forgotten: ids(100), Summaries: summaries(40)}), 40},
	} {
		t.Run(sentence, func(t *testing.T) {
			message := Fit(c.report)
			if len(message) > task.MaxTerminationMessage {
				t.Errorf("%d bytes", len(message))
			}
			got, err := task.DecodeReport(message)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Repositories) != len(c.report.Repositories) || len(got.Repositories[0].Summaries) != c.summaries {
				t.Errorf("got %+v", got)
			}
			for i, r := range got.Repositories {
				if (r.Message == "") != (c.report.Repositories[i].Message == "") {
					t.Errorf("message: %q", r.Message)
				}
				if !slices.Equal(r.Forgotten, c.report.Repositories[i].Forgotten[:len(r.Forgotten)]) {
					t.Error("the forgotten ids are not the first ones")
				}
			}
		})
	}
	var many []task.RepositoryReport
	for i := range 200 {
		whole, freed := i != 7, int64(i)*99991
		many = append(many, task.RepositoryReport{
			Name: fmt.Sprintf("repository/v1/nightly/dump-pod-%d", i), Succeeded: whole, Integrity: &whole, Pruned: &task.Pruned{FreedBytes: &freed},
		})
	}
	many[7].Class, many[7].Message, many[7].Pruned = engine.ClassDamaged, long, nil
	kept, err := task.DecodeReport(Fit(report(many...)))
	if err != nil || len(kept.Repositories) != len(many) || *kept.Repositories[7].Integrity || kept.Repositories[7].Message == "" ||
		*kept.Repositories[199].Pruned.FreedBytes != 199*99991 {
		t.Errorf("the maintenance of 200 restic repositories: %+v, %v", kept, err)
	}
	got, err := task.DecodeReport(Fit(report(task.RepositoryReport{Succeeded: true, Summaries: summaries(400)})))
	if err != nil || got.Succeeded || got.Class == "" || got.Message == "" {
		t.Errorf("a report that can't fit: %+v, %v", got, err)
	}
	if short := cut(long, 60); len(short) > 60 {
		t.Errorf("cut to %d bytes", len(short))
	}
}
