// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/engine/restic"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/tests/kit/tool"
)

func TestLocks(t *testing.T) {
	p := newPod(t)
	p.write(filepath.Join(p.source, "f"), "x")
	wantSuccess(t, p.run(t.Context(), p.backup()))
	// A lock carries the host name of the process that made it, so restic runs under names of our choice.
	for sentence, c := range map[string]struct {
		holder string
		ended  []string
		gone   bool
	}{
		"of a pod that our Job has replaced":            {holder: "job-a-zzzzz", gone: true},
		"of a pod of a Job that is proved to be over":   {holder: "job-old-zzzzz", ended: []string{"job-old"}, gone: true},
		"of a pod of a Job whose name begins like ours": {holder: "job-a-more-zzzzz"},
		"of somebody else":                              {holder: "workstation"},
		"of this very pod":                              {holder: "job-a-bcdfg"},
	} {
		t.Run(sentence, func(t *testing.T) {
			lock := p.leaveLock(t, c.holder)
			defer func() { _ = os.Remove(lock) }()
			list, err := p.client().Snapshots(t.Context())
			must(t, err)
			order := p.backup()
			order.EndedJobs = c.ended
			order.Repositories[0].Forget = []string{list[0].ID}
			got := wantSuccess(t, p.run(t.Context(), order))
			_, err = os.Stat(lock)
			if c.gone {
				if !errors.Is(err, fs.ErrNotExist) || !slices.Equal(got.LocksRemoved, []string{c.holder}) || len(got.Forgotten) != 1 {
					t.Errorf("got %+v; lock: %v", got, err)
				}
				return
			}
			// The backup shares the repository with it; the forgetting can't, and says who is in the way.
			if err != nil || len(got.LocksRemoved) > 0 || !strings.Contains(got.ForgetError, c.holder) || len(got.Forgotten) > 0 {
				t.Errorf("got %+v; lock: %v", got, err)
			}
		})
	}
}

// leaveLock makes a shared lock as a killed pod of that name leaves it.
func (p *pod) leaveLock(t *testing.T, host string) string {
	t.Helper()
	// In a UTS namespace of its own a process may have any host name.
	script := filepath.Join(p.scratch, "restic-on-"+host)
	p.write(script, fmt.Sprintf("#!/bin/sh\nexec unshare --uts sh -c 'hostname %s && exec \"$@\"' sh %s \"$@\"\n", host, tool.Path(t, "restic")))
	must(t, os.Chmod(script, 0o755))
	c, err := restic.New(restic.Options{Binary: script, URL: filepath.Join(p.volume, repoDir), PasswordFile: filepath.Join(p.taskDir, "password"),
		Environ: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	read, write, err := os.Pipe()
	must(t, err)
	defer write.Close()
	defer read.Close()
	go func() {
		_, err := c.Backup(ctx, engine.BackupRequest{Stdin: read, StdinName: "held"}, nil)
		ended <- err
	}()
	kept := filepath.Join(p.scratch, "kept")
	pattern := filepath.Join(p.volume, repoDir, "locks", "*")
	deadline := time.After(30 * time.Second)
	for {
		names, err := filepath.Glob(pattern)
		must(t, err)
		// Until it is whole, restic gives the file another, longer name.
		if len(names) == 1 && len(filepath.Base(names[0])) == 64 {
			content, err := os.ReadFile(names[0])
			must(t, err)
			if len(content) > 0 {
				p.write(kept, string(content))
				cancel()
				<-ended
				p.write(names[0], string(content))
				return names[0]
			}
		}
		select {
		case <-deadline:
			t.Fatal("no lock within 30 s")
		case err := <-ended:
			t.Fatalf("the holder ended: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	for mode, want := range map[string]bool{"": false, "Fail": false, "Warn": true} {
		t.Run("onReadError "+mode, func(t *testing.T) {
			p := newPod(t)
			second := filepath.Join(filepath.Dir(p.source), "second")
			p.write(filepath.Join(second, "f"), "x")
			p.engine = func(o restic.Options) (engine.Engine, error) {
				client, err := restic.New(o)
				return unreadable{client, p.source}, err
			}
			order := p.backup(p.source, second)
			order.Backup.OnReadError = mode
			report := p.run(t.Context(), order)
			got := report.Repositories[0]
			if report.Succeeded != want || len(got.Summaries) != 2 {
				t.Errorf("got %+v", report)
			}
			text, class := got.Warning, engine.Class("")
			if !want {
				text, class = got.Message, engine.ClassUnreadable
			}
			if got.Class != class || !strings.Contains(text, p.source+"/f") {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// unreadable is restic where one file of one path could not be read.
type unreadable struct {
	engine.Engine
	path string
}

func (u unreadable) Backup(ctx context.Context, req engine.BackupRequest, progress func(engine.Progress)) (engine.Summary, error) {
	summary, err := u.Engine.Backup(ctx, req, progress)
	if err == nil && req.Path == u.path {
		err = &engine.Error{Class: engine.ClassUnreadable, Message: "1 file could not be read: " + u.path + "/f"}
	}
	return summary, err
}

func TestAResticThatWasKilledForItsMemoryGetsOneMoreChanceWithLess(t *testing.T) {
	for kills, want := range map[int]bool{1: true, 2: false} {
		t.Run(fmt.Sprintf("killed %d times", kills), func(t *testing.T) {
			p := newPod(t)
			p.write(filepath.Join(p.source, "f"), "x")
			var frugal []int
			left := kills
			p.engine = func(o restic.Options) (engine.Engine, error) {
				frugal = append(frugal, o.GOGC)
				client, err := restic.New(o)
				return killed{client, &left}, err
			}
			report := p.run(t.Context(), p.backup())
			if report.Succeeded != want || len(frugal) != 2 || frugal[0] != 0 || frugal[1] == 0 {
				t.Errorf("got %+v with GOGC %v", report, frugal)
			}
			if !want {
				wantFailure(t, report, engine.ClassOutOfMemory)
			}
		})
	}
}

type killed struct {
	engine.Engine
	left *int
}

func (k killed) Backup(ctx context.Context, req engine.BackupRequest, progress func(engine.Progress)) (engine.Summary, error) {
	if *k.left > 0 {
		*k.left--
		return engine.Summary{}, &engine.Error{Class: engine.ClassOutOfMemory, Message: "killed"}
	}
	return k.Engine.Backup(ctx, req, progress)
}

func TestAnEndFromOutsideIsToldAndTheNextRunSucceeds(t *testing.T) {
	p := newPod(t)
	p.write(filepath.Join(p.source, "f"), "x")
	ctx, cancel := context.WithCancelCause(t.Context())
	p.engine = func(o restic.Options) (engine.Engine, error) {
		client, err := restic.New(o)
		return cancelled{client, func() { cancel(errors.New("terminated signal received")) }}, err
	}
	order := p.backup()
	order.Repositories[0].Record = &task.Record{Path: "demo/app/snapshots/snap.yaml", Snapshot: json.RawMessage(
		`{"metadata":{"name":"snap"},"status":{"totalComponents":1,"components":{"dump":{"path":"repository/v1/frequent/dump"}}}}`)}
	wantFailure(t, p.run(ctx, order), engine.ClassInterrupted, "terminated signal received")
	wantRecord(t, filepath.Join(p.volume, "demo/app/snapshots/snap.yaml"), storagev1alpha1.ComponentPhaseFailed, 0)
	p.engine = nil
	wantSuccess(t, p.run(t.Context(), p.backup()))
	p.wantSnapshots(1)
}

// cancelled ends the pod just when restic begins.
type cancelled struct {
	engine.Engine
	cancel func()
}

func (c cancelled) Backup(ctx context.Context, req engine.BackupRequest, progress func(engine.Progress)) (engine.Summary, error) {
	c.cancel()
	return c.Engine.Backup(ctx, req, progress)
}
