// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"strings"
	"testing"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
)

// Whatever restic and the stores said: the termination message is never empty, never too long, and tells the outcome.
func FuzzFit(f *testing.F) {
	f.Add("web", "all is lost", "/source/data", 1, 3, true)
	f.Add(strings.Repeat("c", 5000), strings.Repeat("日本", 9000), strings.Repeat("/p", 3000), 20, 40, false)
	f.Add("", "\xff\xfe\x00", "\n\"\\", 3, 0, false)
	f.Fuzz(func(t *testing.T, component, message, path string, repositories, ids int, succeeded bool) {
		report := task.Report{Version: task.Version, Component: component, Succeeded: succeeded, Message: message}
		if !succeeded {
			report.Class = engine.ClassDenied
		}
		for range (repositories%32 + 32) % 32 {
			entry := task.RepositoryReport{Name: component, Snapshot: message, Succeeded: succeeded, Message: message, Warning: path, LocksRemoved: []string{path, message}}
			for i := range (ids%500 + 500) % 500 {
				entry.Forgotten = append(entry.Forgotten, strings.Repeat(string(rune('a'+i%26)), 64))
				entry.Summaries = append(entry.Summaries, engine.Summary{ID: message, Path: path, Files: int64(i)})
			}
			report.Repositories = append(report.Repositories, entry)
		}
		text := Fit(report)
		if text == "" || len(text) > task.MaxTerminationMessage {
			t.Fatalf("%d bytes", len(text))
		}
		got, err := task.DecodeReport(text)
		if err != nil {
			t.Fatalf("it can't be read: %v", err)
		}
		// What can't be told whole is told as a failure: nothing may look better than it was.
		if got.Succeeded && !succeeded || !got.Succeeded && got.Class == "" {
			t.Errorf("%v was told as %v, class %q", succeeded, got.Succeeded, got.Class)
		}
		if got.Succeeded && len(got.Repositories) != len(report.Repositories) {
			t.Errorf("%d of %d repositories are told of", len(got.Repositories), len(report.Repositories))
		}
	})
}
