// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/stage"
	"kubestash.com/kubestash/tests/kit/tool"
	"kubestash.com/kubestash/tests/s3"
)

// noSecrets looks for the secrets of the test in all that can be seen without a right to Secrets.
func (w *world) noSecrets(ctx context.Context, t *testing.T) {
	parts, err := w.Visible(ctx)
	stage.Must(t, err)
	for _, part := range []string{"events.yaml", "pods.yaml", "jobs.yaml", "snapshots.yaml"} {
		if !strings.Contains(parts[part], w.Namespace) {
			t.Errorf("%s has nothing of the test in it", part)
		}
	}
	logs := 0
	for name, text := range parts {
		if strings.HasSuffix(name, ".log") && text != "" {
			logs++
		}
		for _, secret := range []string{stage.Keys.SecretKey, password} {
			encoded := strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "=")
			if strings.Contains(text, secret) || strings.Contains(text, encoded) {
				t.Errorf("%s shows a secret value", name)
			}
		}
	}
	if logs < 3 {
		t.Errorf("only %d logs were searched: the operator's, the proxy's and a mover's should be there", logs)
	}
}

// published are the columns of kubectl get.
var published = map[string]string{
	"backupstorages":       "NAME PROVIDER DEFAULT DELETION-POLICY TOTAL-SIZE PHASE AGE",
	"repositories":         "NAME INTEGRITY SNAPSHOT-COUNT SIZE PHASE LAST-SUCCESSFUL-BACKUP AGE",
	"repo":                 "NAME INTEGRITY SNAPSHOT-COUNT SIZE PHASE LAST-SUCCESSFUL-BACKUP AGE",
	"retentionpolicies":    "NAME MAX-RETENTION-PERIOD DEFAULT AGE",
	"snapshots":            "NAME REPOSITORY SESSION SNAPSHOT-TIME DELETION-POLICY PHASE AGE",
	"backupconfigurations": "NAME PHASE PAUSED AGE",
	"bc":                   "NAME PHASE PAUSED AGE",
	"backupsessions":       "NAME INVOKER-TYPE INVOKER-NAME PHASE DURATION AGE",
	"restoresessions":      "NAME REPOSITORY PHASE DURATION AGE",
	"restore":              "NAME REPOSITORY PHASE DURATION AGE",
	"backupblueprints":     "NAME AGE",
	"addons":               "NAME AGE",
	"functions":            "NAME AGE",
	"fn":                   "NAME AGE",
}

func (w *world) columns(ctx context.Context, t *testing.T) {
	for kind, want := range published {
		out := w.kubectl(ctx, t, "get", kind, "-n", w.Namespace)
		header, rows, _ := strings.Cut(out, "\n")
		if got := strings.Join(strings.Fields(header), " "); got != want {
			t.Errorf("kubectl get %s prints %q, want %q", kind, got, want)
		}
		if strings.TrimSpace(rows) == "" {
			t.Errorf("kubectl get %s prints no row", kind)
		}
	}
	// Events are told of a single object only.
	story := w.kubectl(ctx, t, "describe", "backupsession", "second", "-n", w.Namespace)
	for _, word := range []string{"BackupStarted", "ComponentSucceeded", "BackupSucceeded", "Invoker", "Snapshots"} {
		if !strings.Contains(story, word) {
			t.Errorf("kubectl describe backupsession doesn't tell of %s:\n%s", word, story)
		}
	}
}

func (w *world) kubectl(ctx context.Context, t testing.TB, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(ctx, tool.Path(t, "kubectl"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+host.Kubeconfig)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// plainRestic reads the repository with nothing but restic, the bucket's keys and the password.
func (w *world) plainRestic(ctx context.Context, t *testing.T, repository string) {
	repo := &storagev1alpha1.Repository{}
	stage.Must(t, host.Client.Get(ctx, w.Key(repository), repo))
	if len(repo.Status.ComponentPaths) != 1 {
		t.Fatalf("the Repository has the component paths %q", repo.Status.ComponentPaths)
	}
	stage.Must(t, host.InBuckets(ctx, func(c *s3.Client) error {
		url := fmt.Sprintf("s3:http://%s/%s/%s/%s/%s", c.Address, host.Bucket, w.Namespace, repo.Spec.Path, repo.Status.ComponentPaths[0])
		var list []struct {
			ID    string
			Paths []string
		}
		if err := json.Unmarshal(stage.Restic(t, url, password, "snapshots", "--json"), &list); err != nil {
			return fmt.Errorf("reading what restic lists: %w", err)
		}
		if len(list) != 2 || len(list[0].Paths) != 1 || list[0].Paths[0] != "/data" {
			return fmt.Errorf("restic lists %+v, want two snapshots of /data", list)
		}
		stage.Restic(t, url, password, "check")
		target := t.TempDir()
		stage.Restic(t, url, password, "restore", list[0].ID, "--target", target)
		content, err := os.ReadFile(filepath.Join(target, "data", "d1", "e1", "f1"))
		if err != nil || string(content) != "file 1\n" {
			return fmt.Errorf("restic has restored %q: %w", content, err)
		}
		return nil
	}))
}
