// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package tool

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// known remembers what was asked for in this process, so that only the first test pays for the question.
var known sync.Map

// Path returns the path of the program, built first if the machine doesn't have it. It fails the test
// when that is impossible.
func Path(t testing.TB, name string) string {
	t.Helper()
	if path, ok := known.Load(name); ok {
		return path.(string)
	}
	path, err := Ask(t.Context(), "bin", name)
	if err != nil {
		t.Fatalf("finding %s: %v", name, err)
	}
	known.Store(name, path)
	return path
}

// Ask runs a command of the cluster tool of this checkout, and returns what it prints. It's run from source: a binary under bin might be
// older than the pins.
func Ask(ctx context.Context, args ...string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", "."}, args...)...)
	cmd.Dir = filepath.Join(root, "tests", "cluster")
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly -trimpath", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("running the cluster tool: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// Root is the folder of this checkout: it climbs from the test's directory to the folder that holds tests/cluster/tools.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the working directory: %w", err)
	}
	for {
		if info, err := os.Stat(filepath.Join(dir, "tests", "cluster", "tools")); err == nil && info.IsDir() {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no folder above %s holds tests/cluster/tools", dir)
		}
		dir = parent
	}
}
