// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
)

func TestARestoreWritesNothingUnlessAllIsThere(t *testing.T) {
	p := newPod(t)
	p.write(filepath.Join(p.source, "f"), "x")
	stored := wantSuccess(t, p.run(t.Context(), p.backup())).Summaries[0]
	must(t, os.Remove(filepath.Join(p.source, "f")))
	missing := engine.Summary{ID: strings.Repeat("a", 64), Path: p.source}
	for sentence, c := range map[string]struct {
		order task.Task
		class engine.Class
		says  string
	}{
		"one of two snapshots is missing":  {p.restore(stored, missing), engine.ClassSnapshotMissing, "aaaaaaaa"},
		"a snapshot of another path":       {p.restore(engine.Summary{ID: stored.ID, Path: "/other"}), engine.ClassSnapshotMissing, "not /other"},
		"patterns that leave nothing":      {withInclude(p.restore(stored), "*.nothing"), engine.ClassPathMissing, "*.nothing"},
		"patterns for another path":        {withInclude(p.restore(stored), "/elsewhere/f"), engine.ClassPathMissing, "/elsewhere/f"},
		"a repository that does not exist": {elsewhere(p.restore(stored)), engine.ClassAbsent, "no repository"},
	} {
		t.Run(sentence, func(t *testing.T) {
			wantFailure(t, p.run(t.Context(), c.order), c.class, c.says)
			if entries, err := os.ReadDir(p.source); err != nil || len(entries) != 0 {
				t.Errorf("written: %v, %v", entries, err)
			}
		})
	}
	t.Run("no volume is mounted there", func(t *testing.T) {
		p.onVolume = func(path string) error { return fmt.Errorf("no volume is mounted at or above %s", path) }
		defer func() { p.onVolume = nil }()
		wantFailure(t, p.run(t.Context(), p.restore(stored)), engine.ClassPathMissing, "no volume is mounted")
	})
	t.Run("no snapshot at all is never a success", func(t *testing.T) {
		if report := p.run(t.Context(), p.restore()); report.Succeeded || report.Class != engine.ClassInvalidTask {
			t.Errorf("got %+v", report)
		}
	})
	wantSuccess(t, p.run(t.Context(), p.restore(stored)))
}

func TestARestoreIntoAVolumeThatMustBeEmpty(t *testing.T) {
	p := newPod(t)
	p.write(filepath.Join(p.source, "f"), "x")
	stored := wantSuccess(t, p.run(t.Context(), p.backup())).Summaries[0]
	order := p.restore(stored)
	order.Restore.EmptyPaths = []string{p.source}
	must(t, os.WriteFile(filepath.Join(p.source, "f"), []byte("somebody's"), 0o600))
	wantFailure(t, p.run(t.Context(), order), engine.ClassPathMissing, `holds "f"; nothing was written`)
	if got, err := os.ReadFile(filepath.Join(p.source, "f")); err != nil || string(got) != "somebody's" {
		t.Errorf("it was written over: %q, %v", got, err)
	}
	must(t, os.Remove(filepath.Join(p.source, "f")))
	must(t, os.Mkdir(filepath.Join(p.source, "lost+found"), 0o700))
	wantSuccess(t, p.run(t.Context(), order))
	if got, err := os.ReadFile(filepath.Join(p.source, "f")); err != nil || string(got) != "x" {
		t.Errorf("it was not restored: %q, %v", got, err)
	}
}

func withInclude(order task.Task, pattern string) task.Task {
	order.Restore.Include = []string{pattern}
	return order
}

func elsewhere(order task.Task) task.Task {
	order.Repositories[0].Directory = "elsewhere"
	return order
}
