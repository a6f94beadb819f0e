// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/engine/restic"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/tests/kit/s3server"
	"kubestash.com/kubestash/tests/kit/tree"
)

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
	t.Run("damage that the check finds, and nothing is forgotten", func(t *testing.T) {
		list, err := p.client().Snapshots(t.Context())
		must(t, err)
		p.engine = func(o restic.Options) (engine.Engine, error) {
			client, err := restic.New(o)
			return damaged{client}, err
		}
		defer func() { p.engine = nil }()
		order := p.backup()
		order.Repositories[0].Check, order.Repositories[0].Forget = true, []string{list[0].ID}
		got := wantFailure(t, p.run(t.Context(), order), engine.ClassDamaged)
		if got.Integrity == nil || *got.Integrity || len(got.Forgotten) > 0 || len(got.Summaries) != 1 {
			t.Errorf("got %+v", got)
		}
		p.wantSnapshots(len(list) + 1)
	})
	t.Run("damage that the backup stumbles over is not the source's, even where a missing file may be", func(t *testing.T) {
		packs, err := filepath.Glob(filepath.Join(p.volume, repoDir, "data", "*", "*"))
		must(t, err)
		for _, pack := range packs {
			must(t, os.Remove(pack))
		}
		order := p.backup()
		order.Backup.OnReadError = "Warn"
		wantFailure(t, p.run(t.Context(), order), engine.ClassDamaged, "damaged")
	})
}

// damaged is restic whose check finds something.
type damaged struct{ engine.Engine }

func (damaged) Check(context.Context, engine.CheckRequest) (engine.CheckResult, error) {
	return engine.CheckResult{Damage: "pack 1234: blob is gone"}, nil
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
