// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package cgroup

import (
	"os"
	"path/filepath"
	"testing"
)

// hybrid is a version 1 machine with an empty version 2 hierarchy beside, as files.
func hybrid(t *testing.T) Tree {
	t.Helper()
	mount := t.TempDir()
	for path, text := range map[string]string{
		"memory/cgroup.procs": "", "cpuset/cgroup.procs": "", "cpuset/cpuset.cpus": "0-1\n", "cpuset/cpuset.mems": "0\n",
		"unified/cgroup.procs": "", "unified/cgroup.controllers": "", "notes/readme": "",
	} {
		full := filepath.Join(mount, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Tree{Mount: mount}
}

func TestEnsureMakesTheGroupWhereAControllerIs(t *testing.T) {
	tree := hybrid(t)
	// The kernel makes these files with the group.
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		if err := os.MkdirAll(filepath.Join(tree.Mount, "cpuset", "g"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(tree.Mount, "cpuset", "g", file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := tree.Ensure("g"); err != nil {
			t.Fatal(err)
		}
	}
	for hierarchy, want := range map[string]bool{"memory": true, "cpuset": true, "unified": false, "notes": false} {
		if _, err := os.Stat(filepath.Join(tree.Mount, hierarchy, "g")); (err == nil) != want {
			t.Errorf("the group in %s: %v", hierarchy, err)
		}
	}
	cpus, err := os.ReadFile(filepath.Join(tree.Mount, "cpuset", "g", "cpuset.cpus"))
	if err != nil || string(cpus) != "0-1\n" {
		t.Errorf("the group has the processors %q, %v: an empty set takes no process", cpus, err)
	}
}

func TestRemoveFindsWhatRuncLeftInTheOtherHierarchy(t *testing.T) {
	tree := hybrid(t)
	for _, dir := range []string{"memory/g/pods/a", "unified/g/pods"} {
		if err := os.MkdirAll(filepath.Join(tree.Mount, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if !tree.Exists("g") {
		t.Fatal("the group isn't found")
	}
	if err := tree.Remove("g"); err != nil {
		t.Fatal(err)
	}
	if tree.Exists("g") {
		t.Error("the group is still there")
	}
	if err := tree.Remove("g"); err != nil {
		t.Errorf("removing what isn't there: %v", err)
	}
}

func TestIsUnified(t *testing.T) {
	tree := hybrid(t)
	if tree.IsUnified() {
		t.Error("a machine with a hierarchy per controller counts as unified")
	}
	if err := os.WriteFile(filepath.Join(tree.Mount, "cgroup.controllers"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if !tree.IsUnified() {
		t.Error("a machine with one hierarchy doesn't count as unified")
	}
}
