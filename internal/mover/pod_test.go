// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend/all"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/engine/restic"
	"kubestash.com/kubestash/internal/mover"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/tests/kit/s3server"
	"kubestash.com/kubestash/tests/kit/tool"
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
	memoryLimit              int64
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
		Environ: []string{"PATH=/usr/bin:/bin"}, RetryLock: p.retryLock, MemoryLimit: p.memoryLimit, OnVolume: p.onVolume,
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
