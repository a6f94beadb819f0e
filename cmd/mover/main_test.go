// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
)

func TestExitCodes(t *testing.T) {
	const backup = `{"version":"v1","kind":"Backup","component":"dump","backup":{"paths":["/"]},"repositories":[{"name":"r","passwordFile":"none"}]}`
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for sentence, c := range map[string]struct {
		ctx   context.Context
		task  string
		code  int
		class engine.Class
	}{
		"there is no task":                      {t.Context(), "", exitNoTask, engine.ClassInvalidTask},
		"the task is no JSON":                   {t.Context(), "{", exitNoTask, engine.ClassInvalidTask},
		"the task can't be done":                {t.Context(), `{"version":"v1","kind":"Dance"}`, exitFailed, engine.ClassInvalidTask},
		"a repository fails":                    {t.Context(), backup, exitFailed, ""},
		"a signal ends it before it is through": {ended, backup, exitInterrupted, ""},
		"there is nothing to wipe":              {t.Context(), `{"version":"v1","kind":"Wipe","storage":{"backend":{"provider":"s3","s3":{"bucket":"b"}}}}`, exitSucceeded, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			dir := t.TempDir()
			name, log := filepath.Join(dir, "task.json"), filepath.Join(dir, "termination-log")
			if c.task != "" {
				if err := os.WriteFile(name, []byte(c.task), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var out, errOut bytes.Buffer
			if code := run(c.ctx, []string{"run", "--task", name, "--scratch", dir, "--termination-log", log}, &out, &errOut); code != c.code {
				t.Errorf("exit code %d, want %d: %s", code, c.code, errOut.String())
			}
			message, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			report, err := task.DecodeReport(string(message))
			if err != nil || report.Class != c.class || report.Succeeded != (c.code == exitSucceeded) {
				t.Errorf("report: %+v, %v", report, err)
			}
		})
	}
}

func TestACommandLineThatMakesNoSense(t *testing.T) {
	for _, args := range [][]string{{"run", "--no-such-flag"}, {"dance"}, {"run", "argument"}} {
		var out, errOut bytes.Buffer
		if code := run(t.Context(), args, &out, &errOut); code != exitNoTask || errOut.Len() == 0 {
			t.Errorf("%q: exit code %d, %q", args, code, errOut.String())
		}
	}
}

func TestVersion(t *testing.T) {
	var out, errOut bytes.Buffer
	if code := run(t.Context(), []string{"version"}, &out, &errOut); code != exitSucceeded || strings.TrimSpace(out.String()) != version {
		t.Errorf("exit code %d, %q", code, out.String())
	}
}
