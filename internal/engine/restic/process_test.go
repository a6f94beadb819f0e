// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restic_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/engine/restic"
)

func TestALiveLockIsNamedAndLeftAlone(t *testing.T) {
	p, c := initialised(t)
	hold := holdLock(t, p)
	summary := backUpSomething(t, p, c)
	locks, err := c.Locks(t.Context())
	must(t, err)
	host, err := os.Hostname()
	must(t, err)
	if len(locks) != 1 || locks[0].Host != host || locks[0].Exclusive || locks[0].PID == 0 || len(locks[0].ID) != 64 {
		t.Fatalf("locks: %+v", locks)
	}
	// A backup shares the repository; a forget does not.
	err = c.Forget(t.Context(), []string{summary.ID})
	wantClass(t, err, engine.ClassLocked, host, fmt.Sprintf("PID %d", locks[0].PID))
	if strings.Contains(err.Error(), "unlock") {
		t.Errorf("%q advises to unlock", err)
	}
	hold()
	if locks, err = c.Locks(t.Context()); err != nil || len(locks) != 0 {
		t.Fatalf("after the end of its holder: %+v, %v", locks, err)
	}
	must(t, c.Forget(t.Context(), []string{summary.ID}))
}

func backUpSomething(t *testing.T, p place, c *restic.Client) engine.Summary {
	t.Helper()
	source := p.source(t, "data")
	must(t, os.WriteFile(filepath.Join(source, "f"), []byte("x"), 0o644))
	summary, err := c.Backup(t.Context(), engine.BackupRequest{Path: source}, nil)
	must(t, err)
	return summary
}

// holdLock keeps a backup of a stream running until the returned function is called.
func holdLock(t *testing.T, p place) func() {
	t.Helper()
	read, write := io.Pipe()
	ended := make(chan error, 1)
	c := p.client(t)
	go func() {
		_, err := c.Backup(t.Context(), engine.BackupRequest{Stdin: read, StdinName: "held", Host: "holder"}, nil)
		ended <- err
	}()
	waitFor(t, "a lock", func() bool {
		entries, err := os.ReadDir(filepath.Join(p.url, "locks"))
		return err == nil && len(entries) == 1
	})
	return func() {
		// restic refuses to store an empty stream.
		if _, err := write.Write([]byte("held")); err != nil {
			t.Errorf("writing to the holder: %v", err)
		}
		_ = write.Close()
		if err := <-ended; err != nil {
			t.Errorf("the holder: %v", err)
		}
	}
}

// waitFor polls, as restic tells nobody when it has taken a lock.
func waitFor(t *testing.T, what string, ready func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ready() {
		select {
		case <-deadline:
			t.Fatalf("no %s within 30 s", what)
		case <-tick.C:
		}
	}
}

func TestAnInterruptedBackupLeavesNoLockAndCanBeRepeated(t *testing.T) {
	p, c := initialised(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	read, write := io.Pipe()
	defer write.Close()
	ended := make(chan error, 1)
	go func() {
		_, err := c.Backup(ctx, engine.BackupRequest{Stdin: read, StdinName: "dump.sql"}, nil)
		ended <- err
	}()
	waitFor(t, "lock", func() bool {
		entries, err := os.ReadDir(filepath.Join(p.url, "locks"))
		return err == nil && len(entries) == 1
	})
	cancel(errors.New("the pod was deleted"))
	wantClass(t, <-ended, engine.ClassInterrupted, "the pod was deleted")
	if locks, err := c.Locks(t.Context()); err != nil || len(locks) != 0 {
		t.Errorf("locks: %+v, %v", locks, err)
	}
	if list, err := c.Snapshots(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("half a stream became a snapshot: %+v, %v", list, err)
	}
	backUpSomething(t, p, c)
}

func TestAStreamThatBreaksIsNeverStored(t *testing.T) {
	_, c := initialised(t)
	broken := io.MultiReader(strings.NewReader("the first half"), failingReader{errors.New("pg_dump exited with 1")})
	_, err := c.Backup(t.Context(), engine.BackupRequest{Stdin: broken, StdinName: "dump.sql"}, nil)
	wantClass(t, err, engine.ClassProducer, "pg_dump exited with 1")
	if list, err := c.Snapshots(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("half a stream became a snapshot: %+v, %v", list, err)
	}
	summary, err := c.Backup(t.Context(), engine.BackupRequest{Stdin: strings.NewReader("all of it"), StdinName: "dump.sql"}, nil)
	must(t, err)
	if summary.Path != "dump.sql" || summary.TotalBytes != 9 {
		t.Errorf("summary: %+v", summary)
	}
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

func TestDamageIsFoundAndIsNoError(t *testing.T) {
	p, c := initialised(t)
	backUpSomething(t, p, c)
	packs, err := filepath.Glob(filepath.Join(p.url, "data", "*", "*"))
	must(t, err)
	if len(packs) == 0 {
		t.Fatal("there is no pack to damage")
	}
	must(t, os.Remove(packs[0]))
	if checked, err := c.Check(t.Context(), engine.CheckRequest{}); checked.Whole || checked.Damage == "" || err != nil {
		t.Errorf("got %+v, %v; want damage without an error", checked, err)
	}
	must(t, os.WriteFile(p.password, []byte("wrong"), 0o644))
	_, err = c.Check(t.Context(), engine.CheckRequest{})
	wantClass(t, err, engine.ClassPassword)
}

func TestAKilledResticIsToldAsOutOfMemory(t *testing.T) {
	p, _ := initialised(t)
	script := filepath.Join(p.dir, "killed")
	must(t, os.WriteFile(script, []byte("#!/bin/sh\nkill -9 $$\n"), 0o755))
	c := p.client(t, func(o *restic.Options) { o.Binary = script })
	_, err := c.Stats(t.Context())
	wantClass(t, err, engine.ClassOutOfMemory, "137")
}

func TestAResticThatIgnoresTheInterruptIsKilled(t *testing.T) {
	p, _ := initialised(t)
	script, pidFile := filepath.Join(p.dir, "stubborn"), filepath.Join(p.dir, "pid")
	must(t, os.WriteFile(script, fmt.Appendf(nil, "#!/bin/sh\ntrap '' INT\nsleep 600 &\necho $! > %s\nwait\nwait\nwait\n", pidFile), 0o755))
	c := p.client(t, func(o *restic.Options) { o.Binary, o.Grace = script, 50*time.Millisecond })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Init(ctx) }()
	waitFor(t, "process", func() bool { content, err := os.ReadFile(pidFile); return err == nil && len(content) > 1 })
	cancel()
	wantClass(t, <-ended, engine.ClassInterrupted)
	content, err := os.ReadFile(pidFile)
	must(t, err)
	var pid int
	_, err = fmt.Sscan(string(content), &pid)
	must(t, err)
	waitFor(t, "end of its child", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || isZombie(pid) })
}

// isZombie is for machines whose init doesn't reap.
func isZombie(pid int) bool {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(content), ") Z ")
}

func TestProgressIsReported(t *testing.T) {
	p, _ := initialised(t)
	script := filepath.Join(p.dir, "talkative")
	must(t, os.WriteFile(script, []byte(`#!/bin/sh
echo '{"message_type":"status","seconds_elapsed":2,"percent_done":0.5,"total_files":4,"files_done":1,"total_bytes":100,"bytes_done":50}'
printf '{"message_type":"summary","total_files_processed":4,"total_bytes_'
printf 'processed":100,"data_added_packed":7,"snapshot_id":"abc"}'
`), 0o755))
	c := p.client(t, func(o *restic.Options) { o.Binary = script })
	var seen []engine.Progress
	summary, err := c.Backup(t.Context(), engine.BackupRequest{Path: "/data"}, func(p engine.Progress) { seen = append(seen, p) })
	must(t, err)
	want := engine.Progress{Path: "/data", SecondsElapsed: 2, TotalFiles: 4, FilesDone: 1, TotalBytes: 100, BytesDone: 50}
	if len(seen) != 1 || seen[0] != want {
		t.Errorf("progress: %+v", seen)
	}
	if summary.ID != "abc" || summary.Files != 4 || summary.AddedBytes != 7 {
		t.Errorf("summary: %+v", summary)
	}
}

func TestThePrioritiesReachRestic(t *testing.T) {
	p, _ := initialised(t)
	script, out := filepath.Join(p.dir, "nice"), filepath.Join(p.dir, "out")
	must(t, os.WriteFile(script, fmt.Appendf(nil, "#!/bin/sh\n{ nice; ionice -p $$; } > %s\n", out), 0o755))
	nice := 7
	c := p.client(t, func(o *restic.Options) {
		o.Binary, o.Nice, o.IONice = script, &nice, &restic.IONice{Class: 2, Level: 6}
	})
	must(t, c.Init(t.Context()))
	got, err := os.ReadFile(out)
	must(t, err)
	if string(got) != "7\nbest-effort: prio 6\n" {
		t.Errorf("got %q", got)
	}
	mine, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	must(t, err)
	if mine != 20 {
		t.Errorf("our own priority changed too: %d", mine)
	}
}

func TestSecretsAreTakenOutOfWhatResticSays(t *testing.T) {
	p, _ := initialised(t)
	script := filepath.Join(p.dir, "blabber")
	must(t, os.WriteFile(script, []byte("#!/bin/sh\necho 'Fatal: the key canary-1 was refused' >&2\nexit 1\n"), 0o755))
	c := p.client(t, func(o *restic.Options) {
		o.Binary, o.Redact = script, func(text string) string { return strings.ReplaceAll(text, "canary-1", "***") }
	})
	err := c.Init(t.Context())
	wantClass(t, err, engine.ClassUnknown, "the key *** was refused")
	if strings.Contains(fmt.Sprintf("%+v", err), "canary") {
		t.Errorf("the secret is in %+v", err)
	}
}
