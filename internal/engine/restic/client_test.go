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
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/engine/restic"
	"kubestash.com/kubestash/tests/kit/tool"
	"kubestash.com/kubestash/tests/kit/tree"
)

// place is a repository on the local disk, worked on by the real restic.
type place struct {
	dir, url, password string
}

func newPlace(t *testing.T) place {
	t.Helper()
	dir := t.TempDir()
	// Other users are let in, for the tests that run restic as one.
	for at := dir; at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
		must(t, os.Chmod(at, 0o755))
	}
	p := place{dir: dir, url: filepath.Join(dir, "repo"), password: filepath.Join(dir, "password")}
	must(t, os.WriteFile(p.password, []byte("correct horse\n"), 0o644))
	return p
}

func (p place) client(t *testing.T, change ...func(*restic.Options)) *restic.Client {
	t.Helper()
	o := restic.Options{Binary: tool.Path(t, "restic"), URL: p.url, PasswordFile: p.password, RetryLock: time.Second,
		Environ: []string{"PATH=/usr/bin:/bin"}}
	for _, c := range change {
		c(&o)
	}
	c, err := restic.New(o)
	must(t, err)
	return c
}

func (p place) source(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(p.dir, "source", name)
	must(t, os.MkdirAll(dir, 0o755))
	return dir
}

func initialised(t *testing.T) (place, *restic.Client) {
	t.Helper()
	p := newPlace(t)
	c := p.client(t)
	must(t, c.Init(t.Context()))
	return p, c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantClass(t *testing.T, err error, class engine.Class, words ...string) {
	t.Helper()
	if err == nil || engine.ClassOf(err) != class {
		t.Fatalf("got %v, want class %s", err, class)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}

func TestExistsTellsAbsentFromEverythingElse(t *testing.T) {
	p := newPlace(t)
	c := p.client(t)
	if there, err := c.Exists(t.Context()); there || err != nil {
		t.Fatalf("absent: got %v, %v", there, err)
	}
	must(t, c.Init(t.Context()))
	if there, err := c.Exists(t.Context()); !there || err != nil {
		t.Fatalf("present: got %v, %v", there, err)
	}
	must(t, os.WriteFile(p.password, []byte("another"), 0o644))
	there, err := c.Exists(t.Context())
	wantClass(t, err, engine.ClassPassword)
	if there {
		t.Error("a wrong password opened the repository")
	}
	if err := c.Init(t.Context()); err == nil {
		t.Error("a repository was created over another")
	}
}

func TestARestoreBringsBackEverything(t *testing.T) {
	p, c := initialised(t)
	source := p.source(t, "data")
	tree.Write(t, source)
	want := tree.Read(t, source)
	above, err := os.Stat(filepath.Dir(source))
	must(t, err)

	summary, err := c.Backup(t.Context(), engine.BackupRequest{Path: source, Host: "dump", Tags: []string{"session=a"}}, nil)
	must(t, err)
	if len(summary.ID) != 64 || summary.Path != source || summary.Files < 10 || summary.TotalBytes < 1<<20 || summary.AddedBytes == 0 ||
		summary.StartTime.IsZero() || summary.EndTime.Before(summary.StartTime) {
		t.Errorf("summary: %+v", summary)
	}

	must(t, os.RemoveAll(source))
	must(t, os.Mkdir(source, 0o700))
	must(t, os.WriteFile(filepath.Join(source, "plain.txt"), []byte("overwritten since"), 0o644))
	restored, err := c.Restore(t.Context(), engine.RestoreRequest{SnapshotID: summary.ID, Path: source}, nil)
	must(t, err)
	if restored.Files < 10 || restored.TotalBytes < 1<<20 {
		t.Errorf("restored: %+v, stored %+v", restored, summary)
	}
	for _, line := range tree.Diff(want, tree.Read(t, source)) {
		t.Error(line)
	}
	after, err := os.Stat(filepath.Dir(source))
	must(t, err)
	if above.Mode() != after.Mode() {
		t.Errorf("the folder above was touched: %v, then %v", above.Mode(), after.Mode())
	}

	list, err := c.Snapshots(t.Context())
	must(t, err)
	if len(list) != 1 || list[0].ID != summary.ID || list[0].Host != "dump" || !slices.Equal(list[0].Paths, []string{source}) ||
		!slices.Equal(list[0].Tags, []string{"session=a"}) {
		t.Errorf("snapshots: %+v", list)
	}
	if whole, err := c.Check(t.Context()); !whole || err != nil {
		t.Errorf("check: %v, %v", whole, err)
	}
	stats, err := c.Stats(t.Context())
	must(t, err)
	if stats.RawBytes == 0 || stats.Snapshots != 1 {
		t.Errorf("stats: %+v", stats)
	}
	must(t, c.Forget(t.Context(), []string{summary.ID, strings.Repeat("ab", 32)}))
	if list, err = c.Snapshots(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("after forgetting: %v, %v", list, err)
	}
}

func TestARestoreLeavesTheParentAlone(t *testing.T) {
	p, c := initialised(t)
	source := p.source(t, "data")
	must(t, os.WriteFile(filepath.Join(source, "f"), []byte("x"), 0o644))
	must(t, os.Chmod(filepath.Dir(source), 0o711))
	summary, err := c.Backup(t.Context(), engine.BackupRequest{Path: source}, nil)
	must(t, err)
	must(t, os.Chmod(filepath.Dir(source), 0o755))
	must(t, os.RemoveAll(source))
	_, err = c.Restore(t.Context(), engine.RestoreRequest{SnapshotID: summary.ID, Path: source}, nil)
	must(t, err)
	info, err := os.Stat(filepath.Dir(source))
	must(t, err)
	if info.Mode().Perm() != 0o755 {
		t.Errorf("the parent has mode %v, want what it had before the restore", info.Mode())
	}
}

func TestPatternsAreReadAsWholePaths(t *testing.T) {
	p, client := initialised(t)
	source := p.source(t, "volume")
	for _, name := range []string{"a.txt", "logs/a.log", "data/b.txt"} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(source, name)), 0o755))
		must(t, os.WriteFile(filepath.Join(source, name), []byte(name), 0o644))
	}
	summary, err := client.Backup(t.Context(), engine.BackupRequest{Path: source}, nil)
	must(t, err)
	for sentence, c := range map[string]struct {
		include, exclude []string
		want             []string
	}{
		"an include of a whole path":      {include: []string{"$/logs"}, want: []string{".", "logs", "logs/a.log"}},
		"an include of a name":            {include: []string{"*.txt"}, want: []string{".", "a.txt", "data", "data/b.txt"}},
		"an exclude of a whole path":      {exclude: []string{"$/data"}, want: []string{".", "a.txt", "logs", "logs/a.log"}},
		"an exclude by a wildcard folder": {exclude: []string{"/**/logs"}, want: []string{".", "a.txt", "data", "data/b.txt"}},
		"an include of another path":      {include: []string{"/elsewhere/*.txt"}, want: []string{"."}},
	} {
		t.Run(sentence, func(t *testing.T) {
			must(t, os.RemoveAll(source))
			must(t, os.Mkdir(source, 0o755))
			expand := func(patterns []string) []string {
				var out []string
				for _, pattern := range patterns {
					out = append(out, strings.ReplaceAll(pattern, "$", source))
				}
				return out
			}
			_, err := client.Restore(t.Context(), engine.RestoreRequest{SnapshotID: summary.ID, Path: source,
				Include: expand(c.include), Exclude: expand(c.exclude)}, nil)
			must(t, err)
			var got []string
			for name := range tree.Read(t, source) {
				got = append(got, name)
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestRestoringWhatIsNotThere(t *testing.T) {
	p, c := initialised(t)
	source := p.source(t, "data")
	summary, err := c.Backup(t.Context(), engine.BackupRequest{Path: source}, nil)
	must(t, err)
	_, err = c.Restore(t.Context(), engine.RestoreRequest{SnapshotID: strings.Repeat("0", 64), Path: source}, nil)
	wantClass(t, err, engine.ClassSnapshotMissing)
	_, err = c.Restore(t.Context(), engine.RestoreRequest{SnapshotID: summary.ID, Path: "/elsewhere/data"}, nil)
	wantClass(t, err, engine.ClassSnapshotMissing, "does not hold that path")
}

func TestAMissingPathIsNamed(t *testing.T) {
	_, c := initialised(t)
	_, err := c.Backup(t.Context(), engine.BackupRequest{Path: "/no/such/path"}, nil)
	wantClass(t, err, engine.ClassPathMissing)
}

func TestAWrapperThatRunsResticAsAnotherUserMeetsAnUnreadableFile(t *testing.T) {
	p, _ := initialised(t)
	source := p.source(t, "data")
	must(t, os.WriteFile(filepath.Join(source, "open"), []byte("x"), 0o644))
	must(t, os.WriteFile(filepath.Join(source, "closed"), []byte("x"), 0o600))
	must(t, os.Mkdir(filepath.Join(source, "closed-folder"), 0o700))
	must(t, filepath.Walk(p.url, func(name string, _ os.FileInfo, err error) error {
		return errors.Join(err, os.Chown(name, 65532, 65532))
	}))
	// Root reads everything; so restic gives its rights up first, as in a pod of an ordinary user.
	c := p.client(t, func(o *restic.Options) { o.Binary = asNobody(t, p.dir, o.Binary) })
	summary, err := c.Backup(t.Context(), engine.BackupRequest{Path: source}, nil)
	wantClass(t, err, engine.ClassUnreadable, "2 files or folders", filepath.Join(source, "closed"), "permission denied")
	if summary.ID == "" || summary.Files != 1 {
		t.Errorf("what could be read was not stored: %+v", summary)
	}
}

// asNobody writes a program that becomes user 65532 and then restic.
func asNobody(t *testing.T, dir, binary string) string {
	t.Helper()
	script := filepath.Join(dir, "as-nobody")
	// The cache of tools may be in root's home; the other user needs a copy.
	content, err := os.ReadFile(binary)
	must(t, err)
	open := filepath.Join(dir, "restic")
	must(t, os.WriteFile(open, content, 0o755))
	must(t, os.WriteFile(script, fmt.Appendf(nil, "#!/bin/sh\nexec setpriv --reuid=65532 --regid=65532 --clear-groups %s \"$@\"\n", open), 0o755))
	return script
}

func TestARestoreByAnOrdinaryUserKeepsQuietAboutOwners(t *testing.T) {
	p, root := initialised(t)
	source := p.source(t, "data")
	must(t, os.WriteFile(filepath.Join(source, "f"), []byte("x"), 0o644))
	must(t, os.Chown(filepath.Join(source, "f"), 5, 5))
	summary, err := root.Backup(t.Context(), engine.BackupRequest{Path: source}, nil)
	must(t, err)
	must(t, filepath.Walk(p.url, func(name string, _ os.FileInfo, err error) error {
		return errors.Join(err, os.Chown(name, 65532, 65532))
	}))
	must(t, os.RemoveAll(source))
	must(t, os.Mkdir(source, 0o777))
	must(t, os.Chmod(source, 0o777))
	c := p.client(t, func(o *restic.Options) { o.Binary = asNobody(t, p.dir, o.Binary) })
	_, err = c.Restore(t.Context(), engine.RestoreRequest{SnapshotID: summary.ID, Path: source}, nil)
	must(t, err)
	if content, err := os.ReadFile(filepath.Join(source, "f")); err != nil || string(content) != "x" {
		t.Errorf("got %q, %v", content, err)
	}
}

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
	if whole, err := c.Check(t.Context()); whole || err != nil {
		t.Errorf("got %v, %v; want damage without an error", whole, err)
	}
	must(t, os.WriteFile(p.password, []byte("wrong"), 0o644))
	_, err = c.Check(t.Context())
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
