// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
)

func TestTheLastStepForgetsAndWritesDocuments(t *testing.T) {
	p := newPod(t)
	p.write(filepath.Join(p.source, "f"), "one")
	first := wantSuccess(t, p.run(t.Context(), p.backup(p.source)))
	p.write(filepath.Join(p.source, "f"), "two")
	second := wantSuccess(t, p.run(t.Context(), p.backup(p.source)))
	p.write(filepath.Join(p.volume, "demo/app/snapshots/old.yaml"), "kind: Snapshot\n")

	order := p.backup(p.source)
	order.Kind, order.Backup = task.KindFinish, nil
	entry := &order.Repositories[0]
	entry.Forget = []string{first.Summaries[0].ID}
	entry.Before = []task.File{{Path: "demo/app/snapshots/new.yaml", Content: "kind: Snapshot\n"}}
	entry.Remove = []string{"demo/app/snapshots/old.yaml"}
	got := wantSuccess(t, p.run(t.Context(), order))
	if !slices.Equal(got.Forgotten, entry.Forget) || got.ForgetError != "" {
		t.Errorf("forgot %q, with error %q", got.Forgotten, got.ForgetError)
	}
	if _, err := os.Stat(filepath.Join(p.volume, "demo/app/snapshots/new.yaml")); err != nil {
		t.Errorf("the document was not written: %v", err)
	}
	if _, err := os.Stat(filepath.Join(p.volume, "demo/app/snapshots/old.yaml")); !os.IsNotExist(err) {
		t.Errorf("the document of what was forgotten is still there: %v", err)
	}
	wantSuccess(t, p.run(t.Context(), p.restore(second.Summaries...)))
	gone := p.run(t.Context(), p.restore(first.Summaries...))
	if gone.Succeeded || gone.Repositories[0].Class != engine.ClassSnapshotMissing {
		t.Errorf("what was forgotten was restored: %+v", gone)
	}
}

func TestTheLastStepMakesNoRepository(t *testing.T) {
	p := newPod(t)
	order := p.backup(p.source)
	order.Kind, order.Backup = task.KindFinish, nil
	order.Repositories[0].Forget = []string{"0123456789abcdef"}
	report := p.run(t.Context(), order)
	if report.Succeeded || report.Repositories[0].Class != engine.ClassAbsent {
		t.Errorf("report: %+v", report)
	}
}
