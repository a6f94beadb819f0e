// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover_test

import (
	"os"
	"path/filepath"
	"testing"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
)

func TestInitStorageAndWipe(t *testing.T) {
	p := newPod(t)
	storage := p.storage()
	order := task.Task{Version: task.Version, Kind: task.KindInitStorage, Name: "storage", Storage: &storage,
		Files: []task.File{{Path: "metadata.yaml", Content: "v: 1\n"}}}
	if report := p.run(t.Context(), order); !report.Succeeded {
		t.Fatalf("got %+v", report)
	}
	entries, err := os.ReadDir(p.volume)
	if err != nil || len(entries) != 1 || entries[0].Name() != "metadata.yaml" {
		t.Errorf("the volume holds %v, %v; want metadata.yaml and no probe", entries, err)
	}
	p.write(filepath.Join(p.volume, "demo/app/f"), "")
	p.write(filepath.Join(p.volume, "demo/other/f"), "")
	order.Kind, order.Files, order.Wipe = task.KindWipe, nil, []string{"demo/app/", "metadata.yaml", "never/was/"}
	for range 2 {
		if report := p.run(t.Context(), order); !report.Succeeded {
			t.Fatalf("got %+v", report)
		}
	}
	for name, want := range map[string]bool{"demo/app": false, "metadata.yaml": false, "demo/other/f": true} {
		if _, err := os.Stat(filepath.Join(p.volume, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	order.Wipe = []string{"/"}
	if report := p.run(t.Context(), order); report.Succeeded {
		t.Error("the whole storage was wiped")
	}
}

func TestATaskThatMakesNoSenseIsRefused(t *testing.T) {
	p := newPod(t)
	for sentence, order := range map[string]task.Task{
		"another version":          {Version: "v2", Kind: task.KindBackup},
		"an unknown kind":          {Version: task.Version, Kind: "Dance"},
		"a backup to nowhere":      {Version: task.Version, Kind: task.KindBackup},
		"a restore from nowhere":   {Version: task.Version, Kind: task.KindRestore},
		"no storage to initialise": {Version: task.Version, Kind: task.KindInitStorage},
	} {
		if report := p.run(t.Context(), order); report.Succeeded || report.Class != engine.ClassInvalidTask || report.Message == "" {
			t.Errorf("%s: got %+v", sentence, report)
		}
	}
}
