//go:build bench

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/tests/bench"
	"kubestash.com/kubestash/tests/kit/s3server"
	"kubestash.com/kubestash/tests/kit/tool"
)

// machine is one machine with a store, the two programs and the data.
type machine struct {
	store         *counter
	restic, mover string
	// folder is for everything, source what is backed up, taskDir what a pod has of its session's Secret.
	folder, source, taskDir string
	runs                    int
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	server := s3server.Start(t)
	b := &machine{store: newCounter(t, server.Endpoint), restic: tool.Path(t, "restic"), folder: t.TempDir()}
	b.taskDir, b.mover = filepath.Join(b.folder, "task"), bench.Build(t, "mover")
	// The mover restores into volumes only, so the data is on something that is mounted: in memory, where no disk is measured.
	volume, err := os.MkdirTemp("/dev/shm", "kubestash-bench-") //nolint:usetesting // a test's own folder is on no mount
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(volume) })
	b.source = filepath.Join(volume, "source", "data")
	must(t, os.MkdirAll(filepath.Join(b.taskDir, "storage-0"), 0o700))
	for key, value := range server.Secret() {
		must(t, os.WriteFile(filepath.Join(b.taskDir, "storage-0", key), value, 0o600))
	}
	must(t, os.WriteFile(filepath.Join(b.taskDir, "password-0"), []byte("correct horse"), 0o600))
	return b
}

// scratch is an empty folder for each run, as a pod has: nobody begins with a warm cache.
func (b *machine) scratch(t *testing.T) string {
	t.Helper()
	b.runs++
	dir := filepath.Join(b.folder, fmt.Sprintf("scratch-%d", b.runs))
	must(t, os.MkdirAll(filepath.Join(dir, "tmp"), 0o700))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// bare runs restic with the settings that the mover gives it.
func (b *machine) bare(t *testing.T, repository string, args ...string) (cost, []byte) {
	t.Helper()
	scratch := b.scratch(t)
	defer os.RemoveAll(scratch)
	cmd := exec.CommandContext(t.Context(), b.restic, append([]string{
		"--repo", "s3:" + b.store.endpoint + "/" + s3server.Bucket + "/" + repository, "--password-file", filepath.Join(b.taskDir, "password-0"),
		"--json", "--retry-lock", "2m0s", "--cache-dir", filepath.Join(scratch, "restic-cache"), "--cleanup-cache",
	}, args...)...)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+s3server.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+s3server.SecretAccessKey,
		"AWS_DEFAULT_REGION=us-east-1", "RESTIC_PROGRESS_FPS=1", "TZ=UTC", "HOME="+scratch, "TMPDIR="+filepath.Join(scratch, "tmp"))
	return run(t, b.store, cmd)
}

// bareBackup is restic's own backup; it returns the snapshot's id.
func (b *machine) bareBackup(t *testing.T, repository string) (cost, string) {
	t.Helper()
	c, out := b.bare(t, repository, "backup", "--host", "dump", "--tag", "kubestash", "--tag", "session=bench", "--", b.source)
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	var summary struct {
		ID string `json:"snapshot_id"`
	}
	must(t, json.Unmarshal(lines[len(lines)-1], &summary))
	return c, summary.ID
}

func (b *machine) bareRestore(t *testing.T, repository, id string) cost {
	t.Helper()
	parent := filepath.Dir(b.source)
	c, _ := b.bare(t, repository, "restore", id+":"+parent, "--target", parent)
	return c
}

// pod runs the mover with a task, as a pod would.
func (b *machine) pod(t *testing.T, order task.Task) (cost, task.RepositoryReport) {
	t.Helper()
	scratch := b.scratch(t)
	defer os.RemoveAll(scratch)
	raw, err := json.Marshal(order)
	must(t, err)
	name, termination := filepath.Join(b.taskDir, task.FileName), filepath.Join(scratch, "termination-log")
	must(t, os.WriteFile(name, raw, 0o600))
	cmd := exec.CommandContext(t.Context(), b.mover, "run", "--task", name, "--scratch", scratch, "--termination-log", termination, "--restic", b.restic)
	c, _ := run(t, b.store, cmd)
	message, err := os.ReadFile(termination)
	must(t, err)
	report, err := task.DecodeReport(string(message))
	must(t, err)
	if !report.Succeeded || len(report.Repositories) != 1 {
		t.Fatalf("report: %+v", report)
	}
	return c, report.Repositories[0]
}

func (b *machine) task(kind task.Kind, repository string) task.Task {
	return task.Task{
		Version: task.Version, Kind: kind, Name: "bench", Namespace: "bench", Component: "dump", Job: "bench", EnableCache: true,
		Repositories: []task.Repository{{
			Name: "bench", Snapshot: "bench", Directory: repository, PasswordFile: "password-0",
			Storage: task.Storage{CredentialsDir: "storage-0", Backend: storagev1alpha1.Backend{
				Provider: storagev1alpha1.ProviderS3,
				S3:       &storagev1alpha1.S3Spec{Endpoint: b.store.endpoint, Bucket: s3server.Bucket, Region: "us-east-1", SecretName: "bench"},
			}},
		}},
	}
}

func (b *machine) moverBackup(t *testing.T, repository string) (cost, engine.Summary) {
	t.Helper()
	order := b.task(task.KindBackup, repository)
	order.Backup = &task.Backup{Paths: []string{b.source}}
	c, report := b.pod(t, order)
	if len(report.Summaries) != 1 || report.Stats == nil || report.Stats.RawBytes == 0 {
		t.Fatalf("report: %+v", report)
	}
	return c, report.Summaries[0]
}

func (b *machine) moverRestore(t *testing.T, repository, id string) cost {
	t.Helper()
	order := b.task(task.KindRestore, repository)
	order.Restore = &task.Restore{Snapshots: []task.RestoreSnapshot{{ID: id, Path: b.source}}}
	c, _ := b.pod(t, order)
	return c
}
