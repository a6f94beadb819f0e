// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover_test

import (
	"context"
	"crypto/rand"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/engine/restic"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/tests/kit/tree"
)

// maintain is what a maintenance Job is told.
func (p *pod) maintain(work task.Maintain) task.Task {
	order := p.backup()
	order.Kind, order.Backup, order.Name, order.Job, order.Component = task.KindMaintain, nil, "maintain-repo-1", "maintain-repo-1", ""
	order.Repositories[0].Name, order.Repositories[0].Snapshot, order.Maintain = "repository/v1/frequent/dump", "", &work
	return order
}

// fill writes bytes that can't be compressed.
func (p *pod) fill(name string, size int) {
	p.t.Helper()
	content := make([]byte, size)
	_, err := rand.Read(content)
	must(p.t, err)
	p.write(filepath.Join(p.source, name), string(content))
}

func (p *pod) occupied() (bytes int64) {
	p.t.Helper()
	must(p.t, filepath.WalkDir(filepath.Join(p.volume, repoDir), func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	}))
	return bytes
}

func TestPruneFreesWhatRetentionDroppedAndTheRestIsWhole(t *testing.T) {
	const size = 3 << 20
	p := newPod(t)
	var ids []string
	for range 3 {
		p.fill("f", size)
		ids = append(ids, wantSuccess(t, p.run(t.Context(), p.backup())).Summaries[0].ID)
	}
	want := tree.Read(t, p.source)
	last := p.backup()
	last.Repositories[0].Forget = ids[:2]
	kept := wantSuccess(t, p.run(t.Context(), last))
	before := p.occupied()

	got := wantSuccess(t, p.run(t.Context(), p.maintain(task.Maintain{Check: true, ReadDataSubset: "100%", Prune: true, MaxUnused: "0"})))
	freed := before - p.occupied()
	if got.Integrity == nil || !*got.Integrity || got.Pruned == nil || got.Pruned.FreedBytes == nil {
		t.Fatalf("got %+v", got)
	}
	if freed < 2*size || *got.Pruned.FreedBytes < freed*95/100 || *got.Pruned.FreedBytes > freed*105/100 {
		t.Errorf("the volume holds %d bytes less, the report says %d, and %d were dropped", freed, *got.Pruned.FreedBytes, 2*size)
	}
	must(t, os.RemoveAll(p.source))
	wantSuccess(t, p.run(t.Context(), p.restore(kept.Summaries...)))
	for _, line := range tree.Diff(want, tree.Read(t, p.source)) {
		t.Error(line)
	}
	again := wantSuccess(t, p.run(t.Context(), p.maintain(task.Maintain{Prune: true})))
	if again.Pruned == nil || again.Pruned.FreedBytes == nil || *again.Pruned.FreedBytes != 0 || again.Integrity != nil {
		t.Errorf("a prune with nothing to do: %+v", again)
	}
}

func TestDamageIsNotPruned(t *testing.T) {
	p := newPod(t)
	p.fill("f", 1<<20)
	wantSuccess(t, p.run(t.Context(), p.backup()))
	packs, err := filepath.Glob(filepath.Join(p.volume, repoDir, "data", "*", "*"))
	must(t, err)
	var pack string
	var content []byte
	for _, name := range packs {
		read, err := os.ReadFile(name)
		must(t, err)
		// The largest holds the file; another one may hold the folders, which every check reads.
		if len(read) > len(content) {
			pack, content = name, read
		}
	}
	content[len(content)/3] ^= 1
	must(t, os.Chmod(pack, 0o600))
	must(t, os.WriteFile(pack, content, 0o600))
	// The structure is whole: only reading the data shows it.
	if got := wantSuccess(t, p.run(t.Context(), p.maintain(task.Maintain{Check: true}))); got.Integrity == nil || !*got.Integrity {
		t.Errorf("a check of the structure: %+v", got)
	}
	got := wantFailure(t, p.run(t.Context(), p.maintain(task.Maintain{Check: true, ReadDataSubset: "1/1", Prune: true})), engine.ClassDamaged)
	if got.Integrity == nil || *got.Integrity || got.Pruned != nil || got.Message == "" {
		t.Errorf("got %+v", got)
	}
}

func TestMaintenanceOfWhatIsNotThereDoesNothing(t *testing.T) {
	p := newPod(t)
	got := wantSuccess(t, p.run(t.Context(), p.maintain(task.Maintain{Check: true, Prune: true})))
	if got.Pruned != nil || got.Integrity != nil {
		t.Errorf("got %+v", got)
	}
	if _, err := os.Stat(filepath.Join(p.volume, repoDir)); err == nil {
		t.Error("a repository was made")
	}
}

func TestMaintenanceRemovesTheLockOfItsKilledPredecessorAndRespectsOthers(t *testing.T) {
	p := newPod(t)
	p.fill("f", 1000)
	wantSuccess(t, p.run(t.Context(), p.backup()))
	p.hostname = "maintain-repo-1-bcdfg"
	for holder, gone := range map[string]bool{"maintain-repo-0-zzzzz": true, "maintain-repo-1-zzzzz": true, "workstation": false} {
		t.Run(holder, func(t *testing.T) {
			lock := p.leaveLock(t, holder)
			defer func() { _ = os.Remove(lock) }()
			order := p.maintain(task.Maintain{Prune: true})
			order.EndedJobs = []string{"maintain-repo-0"}
			report := p.run(t.Context(), order)
			if !gone {
				wantFailure(t, report, engine.ClassLocked, holder)
				return
			}
			if got := wantSuccess(t, report); got.Pruned == nil || !slices.Equal(got.LocksRemoved, []string{holder}) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestABackupWaitsForTheLockOfAMaintenance(t *testing.T) {
	p := newPod(t)
	p.fill("f", 1000)
	first := wantSuccess(t, p.run(t.Context(), p.backup()))
	lock := p.leaveLock(t, "maintain-repo-1-zzzzz")
	order := p.backup()
	order.Kind = task.KindFinish
	order.Repositories[0].Forget = []string{first.Summaries[0].ID}
	order.RetryLock = &metav1.Duration{Duration: time.Minute}
	released := make(chan struct{})
	go func() {
		defer close(released)
		// Far longer than the mover's own patience of a second.
		time.Sleep(3 * time.Second)
		_ = os.Remove(lock)
	}()
	got := wantSuccess(t, p.run(t.Context(), order))
	<-released
	if len(got.Forgotten) != 1 || got.ForgetError != "" {
		t.Errorf("got %+v", got)
	}
}

func TestAMaintenanceThatRanOutOfMemoryIsToldWithTheNumber(t *testing.T) {
	p := newPod(t)
	p.fill("f", 1000)
	wantSuccess(t, p.run(t.Context(), p.backup()))
	script := filepath.Join(p.scratch, "killed")
	p.write(script, "#!/bin/sh\nkill -9 $$\n")
	must(t, os.Chmod(script, 0o755))
	p.memoryLimit = 90 << 20
	p.engine = func(o restic.Options) (engine.Engine, error) {
		client, err := restic.New(o)
		if err != nil {
			return nil, err
		}
		o.Binary = script
		dead, err := restic.New(o)
		return killedPrune{client, dead}, err
	}
	got := wantFailure(t, p.run(t.Context(), p.maintain(task.Maintain{Prune: true})), engine.ClassOutOfMemory, "137", "100 MiB")
	if strings.Contains(got.Message, p.volume) {
		t.Errorf("got %+v", got)
	}
}

// killedPrune is restic that is killed while it prunes.
type killedPrune struct {
	engine.Engine
	dead engine.Engine
}

func (k killedPrune) Prune(ctx context.Context, req engine.PruneRequest) (engine.PruneSummary, error) {
	return k.dead.Prune(ctx, req)
}

func ownerOf(info fs.FileInfo) int {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return -1
	}
	return int(stat.Uid)
}

// The tests of this package run as root already, to give a process another host name.
func TestWhatAPruneWritesBelongsToWhomTheRestBelongs(t *testing.T) {
	p := newPod(t)
	for range 2 {
		p.fill("f", 1<<20)
		wantSuccess(t, p.run(t.Context(), p.backup()))
	}
	list, err := p.client().Snapshots(t.Context())
	must(t, err)
	must(t, p.client().Forget(t.Context(), []string{list[0].ID}))
	owner := 65534
	must(t, filepath.WalkDir(filepath.Join(p.volume, repoDir), func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(name, owner, owner)
	}))
	wantSuccess(t, p.run(t.Context(), p.maintain(task.Maintain{Prune: true, MaxUnused: "0"})))
	must(t, filepath.WalkDir(filepath.Join(p.volume, repoDir), func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && ownerOf(info) != owner {
			t.Errorf("%s belongs to %d", name, ownerOf(info))
		}
		return err
	}))
}
