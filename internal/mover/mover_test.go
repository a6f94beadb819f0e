// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend/all"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/engine/restic"
	"kubestash.com/kubestash/internal/mover"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/tests/kit/s3server"
	"kubestash.com/kubestash/tests/kit/tool"
	"kubestash.com/kubestash/tests/kit/tree"
)

const (
	password = "canary-password-correct-horse"
	repoDir  = "demo/app/repository/v1/frequent/dump"
)

// pod is what a pod has: a task folder, a scratch volume, the target's volume, and a volume to back up to.
type pod struct {
	t                        *testing.T
	taskDir, scratch, volume string
	source, hostname         string
	out, log                 *bytes.Buffer
	engine                   func(restic.Options) (engine.Engine, error)
	onVolume                 func(string) error
	retryLock                time.Duration
}

func newPod(t *testing.T) *pod {
	t.Helper()
	dir := t.TempDir()
	p := &pod{t: t, taskDir: filepath.Join(dir, "task"), scratch: filepath.Join(dir, "scratch"), volume: filepath.Join(dir, "volume"),
		source: filepath.Join(dir, "source", "data"), hostname: "job-a-bcdfg", out: &bytes.Buffer{}, log: &bytes.Buffer{}, retryLock: time.Second}
	for _, d := range []string{p.taskDir, p.scratch, p.volume, p.source} {
		must(t, os.MkdirAll(d, 0o755))
	}
	p.write(filepath.Join(p.taskDir, "password"), password)
	return p
}

func (p *pod) write(name, content string) {
	p.t.Helper()
	must(p.t, os.MkdirAll(filepath.Dir(name), 0o755))
	must(p.t, os.WriteFile(name, []byte(content), 0o644))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run does the task, and looks for secrets in everything that was written.
func (p *pod) run(ctx context.Context, order task.Task) task.Report {
	p.t.Helper()
	report := mover.Run(ctx, order, mover.Deps{
		Find: all.Find, Engine: p.open, Now: time.Now,
		Wait: func(context.Context, time.Duration) error { return nil },
		Out:  p.out, Log: slog.New(slog.NewTextHandler(p.log, nil)),
		TaskDir: p.taskDir, ScratchDir: p.scratch, Hostname: p.hostname, Restic: tool.Path(p.t, "restic"),
		Environ: []string{"PATH=/usr/bin:/bin"}, RetryLock: p.retryLock, OnVolume: p.onVolume,
	})
	message := mover.Fit(report)
	for where, text := range map[string]string{"report": message, "output": p.out.String(), "log": p.log.String()} {
		for _, secret := range []string{password, s3server.SecretAccessKey, s3server.AccessKeyID} {
			if strings.Contains(text, secret) {
				p.t.Errorf("a secret is in the %s: %s", where, text)
			}
		}
	}
	decoded, err := task.DecodeReport(message)
	must(p.t, err)
	for _, r := range decoded.Repositories {
		if !r.Succeeded && (r.Message == "" || r.Class == "") {
			p.t.Errorf("a failure without a reason: %+v", r)
		}
	}
	if leftovers, _ := filepath.Glob(filepath.Join(p.scratch, "access-*")); len(leftovers) > 0 {
		p.t.Errorf("credentials are left in %v", leftovers)
	}
	return decoded
}

func (p *pod) open(o restic.Options) (engine.Engine, error) {
	if p.engine != nil {
		return p.engine(o)
	}
	return restic.New(o)
}

func (p *pod) storage() task.Storage {
	return task.Storage{Backend: storagev1alpha1.Backend{Provider: "local", Local: &storagev1alpha1.LocalSpec{
		MountPath:    p.volume,
		VolumeSource: metav1alpha1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "c"}},
	}}}
}

func (p *pod) backup(paths ...string) task.Task {
	if len(paths) == 0 {
		paths = []string{p.source}
	}
	return task.Task{Version: task.Version, Kind: task.KindBackup, Name: "session-1", Namespace: "demo", Component: "dump", Job: "job-a",
		Repositories: []task.Repository{{Name: "repo", Snapshot: "snap", Storage: p.storage(), Directory: repoDir, PasswordFile: "password"}},
		Backup:       &task.Backup{Paths: paths}}
}

func (p *pod) restore(summaries ...engine.Summary) task.Task {
	order := p.backup()
	order.Kind, order.Backup, order.Restore = task.KindRestore, nil, &task.Restore{}
	for _, s := range summaries {
		order.Restore.Snapshots = append(order.Restore.Snapshots, task.RestoreSnapshot{ID: s.ID, Path: s.Path})
	}
	return order
}

// client is plain restic on the volume.
func (p *pod) client() *restic.Client {
	p.t.Helper()
	c, err := restic.New(restic.Options{Binary: tool.Path(p.t, "restic"), URL: filepath.Join(p.volume, repoDir),
		PasswordFile: filepath.Join(p.taskDir, "password"), RetryLock: time.Second})
	must(p.t, err)
	return c
}

func (p *pod) wantSnapshots(count int) {
	p.t.Helper()
	list, err := p.client().Snapshots(p.t.Context())
	if err != nil || len(list) != count {
		p.t.Errorf("the repository holds %+v, %v; want %d snapshots", list, err, count)
	}
}

func wantFailure(t *testing.T, r task.Report, class engine.Class, words ...string) task.RepositoryReport {
	t.Helper()
	if r.Succeeded || len(r.Repositories) != 1 || r.Repositories[0].Succeeded || r.Repositories[0].Class != class {
		t.Fatalf("got %+v, want class %s", r, class)
	}
	for _, word := range words {
		if !strings.Contains(r.Repositories[0].Message, word) {
			t.Errorf("%q does not say %q", r.Repositories[0].Message, word)
		}
	}
	return r.Repositories[0]
}

func wantSuccess(t *testing.T, r task.Report) task.RepositoryReport {
	t.Helper()
	if !r.Succeeded || len(r.Repositories) != 1 {
		t.Fatalf("got %+v", r)
	}
	return r.Repositories[0]
}

func TestABackupAndARestoreBringEverythingBack(t *testing.T) {
	p := newPod(t)
	tree.Write(t, p.source)
	other := filepath.Join(filepath.Dir(p.source), "other")
	p.write(filepath.Join(other, "f"), "second path")
	want, wantOther := tree.Read(t, p.source), tree.Read(t, other)
	order := p.backup(p.source, other)
	order.Repositories[0].Check = true
	order.Repositories[0].Before = []task.File{{Path: "demo/app/repository.yaml", Content: "kind: Repository\n"}}
	order.Repositories[0].Record = &task.Record{Path: "demo/app/snapshots/snap.yaml", Snapshot: json.RawMessage(
		`{"kind":"Snapshot","metadata":{"name":"snap"},"status":{"totalComponents":1,"components":{"dump":{"path":"repository/v1/frequent/dump","phase":"Running"}}}}`)}

	got := wantSuccess(t, p.run(t.Context(), order))
	if !got.Created || len(got.Summaries) != 2 || got.Stats == nil || got.Stats.Snapshots != 2 || got.Integrity == nil || !*got.Integrity {
		t.Errorf("report: %+v", got)
	}
	if content, err := os.ReadFile(filepath.Join(p.volume, "demo/app/repository.yaml")); err != nil || string(content) != "kind: Repository\n" {
		t.Errorf("repository.yaml: %q, %v", content, err)
	}
	wantRecord(t, filepath.Join(p.volume, "demo/app/snapshots/snap.yaml"), storagev1alpha1.ComponentPhaseSucceeded, 2)

	must(t, os.RemoveAll(p.source))
	must(t, os.RemoveAll(other))
	back := wantSuccess(t, p.run(t.Context(), p.restore(got.Summaries...)))
	if len(back.Restored) != 2 {
		t.Errorf("restored: %+v", back.Restored)
	}
	for _, line := range append(tree.Diff(want, tree.Read(t, p.source)), tree.Diff(wantOther, tree.Read(t, other))...) {
		t.Error(line)
	}
}

func wantRecord(t *testing.T, name string, phase storagev1alpha1.ComponentPhase, stats int) {
	t.Helper()
	content, err := os.ReadFile(name)
	must(t, err)
	var s storagev1alpha1.Snapshot
	must(t, yaml.Unmarshal(content, &s))
	c := s.Status.Components["dump"]
	if c.Phase != phase || len(c.ResticStats) != stats || c.Path != "repository/v1/frequent/dump" || string(s.Status.Phase) != string(phase) ||
		(c.Error == "") != (phase == storagev1alpha1.ComponentPhaseSucceeded) {
		t.Errorf("record: %s", content)
	}
}

func TestOnABucket(t *testing.T) {
	server := s3server.StartTLS(t)
	p := newPod(t)
	p.write(filepath.Join(p.source, "f"), "x")
	for key, value := range server.Secret() {
		p.write(filepath.Join(p.taskDir, "storage-0", key), string(value))
	}
	bucket := func(name string) task.Task {
		order := p.backup()
		order.Repositories[0].Storage = task.Storage{CredentialsDir: "storage-0", Backend: storagev1alpha1.Backend{
			Provider: "s3", S3: &storagev1alpha1.S3Spec{Endpoint: server.Endpoint, Bucket: name, Prefix: "/pre", Region: "us-east-1", SecretName: "s"}}}
		return order
	}
	first := wantSuccess(t, p.run(t.Context(), bucket(s3server.Bucket)))
	if second := wantSuccess(t, p.run(t.Context(), bucket(s3server.Bucket))); !first.Created || second.Created {
		t.Errorf("created: first %v, second %v", first.Created, second.Created)
	}
	if _, err := os.Stat(filepath.Join(server.Folder, s3server.Bucket, "pre", repoDir, "config")); err != nil {
		t.Error(err)
	}
	restore := p.restore(first.Summaries...)
	restore.Repositories = bucket(s3server.Bucket).Repositories
	must(t, os.Remove(filepath.Join(p.source, "f")))
	wantSuccess(t, p.run(t.Context(), restore))
	if content, err := os.ReadFile(filepath.Join(p.source, "f")); err != nil || string(content) != "x" {
		t.Errorf("got %q, %v", content, err)
	}

	wantFailure(t, p.run(t.Context(), bucket("mistyped")), engine.ClassBucketMissing, "mistyped")
	if _, err := os.Stat(filepath.Join(server.Folder, "mistyped")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a mistyped bucket was created: %v", err)
	}
	p.write(filepath.Join(p.taskDir, "storage-0", "AWS_ACCESS_KEY_ID"), "unknown")
	wantFailure(t, p.run(t.Context(), bucket(s3server.Bucket)), engine.ClassDenied)
	must(t, os.Remove(filepath.Join(p.taskDir, "storage-0", "AWS_ACCESS_KEY_ID")))
	wantFailure(t, p.run(t.Context(), bucket(s3server.Bucket)), engine.ClassInvalidTask, "AWS_ACCESS_KEY_ID")
}

func TestWhatMakesABackupFail(t *testing.T) {
	p := newPod(t)
	p.write(filepath.Join(p.source, "f"), "x")
	wantSuccess(t, p.run(t.Context(), p.backup()))

	t.Run("a path that does not exist, and the good one is not stored either", func(t *testing.T) {
		order := p.backup(p.source, "/no/such/path")
		order.Repositories[0].Forget = []string{strings.Repeat("a", 64)}
		order.Repositories[0].Record = &task.Record{Path: "demo/app/snapshots/bad.yaml", Snapshot: json.RawMessage(
			`{"metadata":{"name":"bad"},"status":{"totalComponents":1,"components":{"dump":{"path":"repository/v1/frequent/dump"}}}}`)}
		if got := wantFailure(t, p.run(t.Context(), order), engine.ClassPathMissing, "/no/such/path"); len(got.Forgotten) > 0 {
			t.Errorf("forgotten after a failure: %v", got.Forgotten)
		}
		wantRecord(t, filepath.Join(p.volume, "demo/app/snapshots/bad.yaml"), storagev1alpha1.ComponentPhaseFailed, 0)
		p.wantSnapshots(1)
	})
	t.Run("a wrong password, and nothing is created", func(t *testing.T) {
		p.write(filepath.Join(p.taskDir, "wrong"), "wrong")
		order := p.backup()
		order.Repositories[0].PasswordFile = "wrong"
		if got := wantFailure(t, p.run(t.Context(), order), engine.ClassPassword); got.Created {
			t.Error("created")
		}
	})
	t.Run("an empty password", func(t *testing.T) {
		p.write(filepath.Join(p.taskDir, "empty"), "\n")
		order := p.backup()
		order.Repositories[0].PasswordFile = "empty"
		wantFailure(t, p.run(t.Context(), order), engine.ClassPassword, "empty")
	})
	t.Run("a volume that lost all its files", func(t *testing.T) {
		must(t, os.Rename(filepath.Join(p.source, "f"), filepath.Join(p.scratch, "f")))
		must(t, os.Mkdir(filepath.Join(p.source, "lost+found"), 0o700))
		order := p.backup()
		order.Backup.PreviousFiles = map[string]int64{p.source: 2000}
		wantFailure(t, p.run(t.Context(), order), engine.ClassSourceEmpty, "2000 files")
		p.wantSnapshots(1)
		order.Backup.PreviousFiles = nil
		wantSuccess(t, p.run(t.Context(), order))
		p.wantSnapshots(2)
	})
	t.Run("a provider that is not known", func(t *testing.T) {
		order := p.backup()
		order.Repositories[0].Storage.Backend.Provider = "swift"
		wantFailure(t, p.run(t.Context(), order), engine.ClassInvalidTask, "swift")
	})
	t.Run("a volume that is not mounted", func(t *testing.T) {
		order := p.backup()
		order.Repositories[0].Storage.Backend.Local.MountPath = "/no/such/mount"
		wantFailure(t, p.run(t.Context(), order), engine.ClassUnreachable, "/no/such/mount")
	})
	t.Run("a deadline that has passed", func(t *testing.T) {
		order := p.backup()
		order.Deadline = &metav1.Time{Time: time.Now().Add(-time.Second)}
		wantFailure(t, p.run(t.Context(), order), engine.ClassInterrupted, "deadline")
	})
	t.Run("a repository whose config is gone is not created anew", func(t *testing.T) {
		must(t, os.Rename(filepath.Join(p.volume, repoDir, "config"), filepath.Join(p.volume, "config")))
		defer func() {
			must(t, os.Rename(filepath.Join(p.volume, "config"), filepath.Join(p.volume, repoDir, "config")))
		}()
		wantFailure(t, p.run(t.Context(), p.backup()), engine.ClassDamaged, "config")
	})
	t.Run("damage, and nothing is forgotten", func(t *testing.T) {
		list, err := p.client().Snapshots(t.Context())
		must(t, err)
		packs, err := filepath.Glob(filepath.Join(p.volume, repoDir, "data", "*", "*"))
		must(t, err)
		must(t, os.Rename(packs[0], filepath.Join(p.scratch, "pack")))
		order := p.backup()
		order.Repositories[0].Check, order.Repositories[0].Forget = true, []string{list[0].ID}
		got := wantFailure(t, p.run(t.Context(), order), engine.ClassDamaged)
		if got.Integrity == nil || *got.Integrity || len(got.Forgotten) > 0 {
			t.Errorf("got %+v", got)
		}
		p.wantSnapshots(len(list) + 1)
	})
}

func TestAHalfCreatedRepositoryHeals(t *testing.T) {
	p := newPod(t)
	p.write(filepath.Join(p.source, "f"), "x")
	wantSuccess(t, p.run(t.Context(), p.backup()))
	keys, err := filepath.Glob(filepath.Join(p.volume, repoDir, "keys", "*"))
	must(t, err)
	key, err := os.ReadFile(keys[0])
	must(t, err)
	must(t, os.RemoveAll(filepath.Join(p.volume, repoDir)))
	p.write(filepath.Join(p.volume, repoDir, "keys", filepath.Base(keys[0])), string(key))
	if got := wantSuccess(t, p.run(t.Context(), p.backup())); !got.Created {
		t.Errorf("got %+v", got)
	}
}

func TestOneRepositoryFailingDoesNotStopTheOthers(t *testing.T) {
	p := newPod(t)
	p.write(filepath.Join(p.source, "f"), "x")
	order := p.backup()
	bad := order.Repositories[0]
	bad.Name = "bad"
	bad.Storage.Backend.Provider = "swift"
	order.Repositories = []task.Repository{bad, order.Repositories[0]}
	report := p.run(t.Context(), order)
	if report.Succeeded || len(report.Repositories) != 2 || report.Repositories[0].Succeeded || !report.Repositories[1].Succeeded {
		t.Errorf("got %+v", report)
	}
}

func TestRetentionIsAppliedAfterASuccess(t *testing.T) {
	p := newPod(t)
	p.write(filepath.Join(p.source, "f"), "x")
	first := wantSuccess(t, p.run(t.Context(), p.backup()))
	order := p.backup()
	order.Repositories[0].Forget = []string{first.Summaries[0].ID, strings.Repeat("a", 64)}
	got := wantSuccess(t, p.run(t.Context(), order))
	if !slices.Equal(got.Forgotten, order.Repositories[0].Forget) || got.ForgetError != "" {
		t.Errorf("got %+v", got)
	}
	p.wantSnapshots(1)
}

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
				real, err := restic.New(o)
				return unreadable{real, p.source}, err
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
				real, err := restic.New(o)
				return killed{real, &left}, err
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
		real, err := restic.New(o)
		return cancelled{real, func() { cancel(errors.New("terminated signal received")) }}, err
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

func withInclude(order task.Task, pattern string) task.Task {
	order.Restore.Include = []string{pattern}
	return order
}

func elsewhere(order task.Task) task.Task {
	order.Repositories[0].Directory = "elsewhere"
	return order
}

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
