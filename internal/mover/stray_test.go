// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover_test

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/engine/restic"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/tests/kit/tool"
)

// A pod dies after restic has stored its snapshot, and before anybody was told of it.
func TestWhatPodsThatDiedHaveStoredIsForgotten(t *testing.T) {
	p := newPod(t)
	p.write(filepath.Join(p.source, "f"), "x")
	first := wantSuccess(t, p.run(t.Context(), p.marked("snapshot=one")))
	stores := func(host string, tags ...string) string {
		summary, err := p.client().Backup(t.Context(), engine.BackupRequest{Path: p.source, Host: host, Tags: tags}, nil)
		must(t, err)
		return summary.ID
	}
	stays := map[string]string{
		first.Summaries[0].ID:               "is told of by the first run",
		stores("dump", "snapshot=two"):      "is told of although its run was cut short",
		stores("dump"):                      "was stored by hand",
		stores("dump", "snapshot=stranger"): "was stored by a run that nobody here knows",
		stores("other", "snapshot=two"):     "was stored by another component",
	}
	stays[p.tag(stores("dump", "kubestash", "snapshot=two"))] = "was tagged by hand since"
	goes := map[string]string{
		stores("dump", "kubestash", "snapshot=two"):   "was stored by a pod of an earlier run, which died",
		stores("dump", "kubestash", "snapshot=three"): "was stored by an earlier pod of this very run",
	}
	order := p.marked("snapshot=three")
	entry := &order.Repositories[0]
	entry.Untold = []string{"snapshot=one", "snapshot=two"}
	for id, why := range stays {
		if why == "is told of by the first run" || why == "is told of although its run was cut short" {
			entry.Known = append(entry.Known, id[:12])
		}
	}

	broken := order
	broken.Backup = &task.Backup{Paths: []string{filepath.Join(p.source, "absent")}}
	if report := p.run(t.Context(), broken); report.Succeeded {
		t.Fatal("a backup of nothing succeeded")
	}
	p.wantSnapshots(len(stays) + len(goes))

	got := wantSuccess(t, p.run(t.Context(), order))
	if len(got.Forgotten) > 0 || got.ForgetError != "" {
		t.Errorf("the report tells of what nobody asked for: %+v", got)
	}
	stays[got.Summaries[0].ID] = "was stored just now"
	list, err := p.client().Snapshots(t.Context())
	must(t, err)
	for id, why := range stays {
		if !slices.ContainsFunc(list, func(s engine.Snapshot) bool { return s.ID == id }) {
			t.Errorf("what %s is gone", why)
		}
	}
	for id, why := range goes {
		if slices.ContainsFunc(list, func(s engine.Snapshot) bool { return s.ID == id }) {
			t.Errorf("what %s is still there", why)
		}
	}
}

func TestWhereAllIsKnownResticIsNotAsked(t *testing.T) {
	p := newPod(t)
	p.write(filepath.Join(p.source, "f"), "x")
	first := wantSuccess(t, p.run(t.Context(), p.marked("snapshot=one")))
	p.engine = func(o restic.Options) (engine.Engine, error) {
		client, err := restic.New(o)
		return silent{client, t}, err
	}
	order := p.marked("snapshot=two")
	order.Repositories[0].Untold, order.Repositories[0].Known = []string{"snapshot=one"}, []string{first.Summaries[0].ID[:12]}
	wantSuccess(t, p.run(t.Context(), order))
}

// silent is restic that is not to be asked for its snapshots.
type silent struct {
	engine.Engine
	t *testing.T
}

func (s silent) Snapshots(context.Context) ([]engine.Snapshot, error) {
	s.t.Error("restic was asked for its snapshots")
	return nil, errors.New("it was not to be asked")
}

func (p *pod) marked(mark string) task.Task {
	order := p.backup()
	order.Repositories[0].Mark = mark
	return order
}

// tag does what people do to keep a snapshot, and returns the id that it has since.
func (p *pod) tag(id string) string {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), tool.Path(p.t, "restic"), "--no-cache", "--repo", filepath.Join(p.volume, repoDir),
		"--password-file", filepath.Join(p.taskDir, "password"), "tag", "--add", "keep", id)
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("tagging: %v: %s", err, out)
	}
	list, err := p.client().Snapshots(p.t.Context())
	must(p.t, err)
	for _, s := range list {
		if slices.Contains(s.Tags, "keep") {
			return s.ID
		}
	}
	p.t.Fatalf("nothing is tagged: %+v", list)
	return ""
}
