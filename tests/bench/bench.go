// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"kubestash.com/kubestash/tests/kit/tool"
)

// Setting is a number from the environment.
func Setting(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// Percent is how much of everything is measured.
func Percent() int { return Setting("BENCH_PERCENT", 100) }

// Scaled makes a quick look possible: BENCH_PERCENT=5 leaves a twentieth of the data.
func Scaled(n int64) int64 { return max(n*int64(Percent())/100, 1) }

// Machine says where it was measured, and how busy others kept it.
func Machine() string {
	model := "unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == "model name" {
				model = strings.TrimSpace(value)
			}
		}
	}
	return fmt.Sprintf("%d × %s, %s; load average at the end: %s", runtime.NumCPU(), model, runtime.Version(), Load())
}

// Load is how busy the machine is.
func Load() string {
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(load))
}

// Mark says whether a goal was reached.
func Mark(ok bool) string {
	if ok {
		return "✓"
	}
	return "✗"
}

// Build builds a binary of this checkout as it is shipped, and returns its path.
func Build(t testing.TB, name string) string {
	t.Helper()
	root, err := tool.Root()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "./cmd/"+name)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", name, err, out)
	}
	return path
}
