// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package cgroup

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Tree is the machine's control groups.
type Tree struct {
	// Mount is where they are mounted, usually /sys/fs/cgroup.
	Mount string
}

// IsUnified says whether the machine has one hierarchy (version 2) instead of one per controller.
func (t Tree) IsUnified() bool {
	_, err := os.Stat(filepath.Join(t.Mount, "cgroup.controllers"))
	return err == nil
}

// hierarchies lists the folders that a group has to exist in.
func (t Tree) hierarchies() ([]string, error) {
	all, err := t.everywhere()
	if err != nil || t.IsUnified() {
		return all, err
	}
	// A version 1 machine may have an empty version 2 hierarchy beside the others; it carries no controller, but runc leaves groups in it.
	return slices.DeleteFunc(all, func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, "cgroup.controllers"))
		return err == nil
	}), nil
}

// everywhere lists the folders in which a group may turn up.
func (t Tree) everywhere() ([]string, error) {
	if t.IsUnified() {
		return []string{t.Mount}, nil
	}
	entries, err := os.ReadDir(t.Mount)
	if err != nil {
		return nil, fmt.Errorf("listing control groups: %w", err)
	}
	var dirs []string
	for _, e := range entries {
		dir := filepath.Join(t.Mount, e.Name())
		// There may be symbolic links, cpu to cpu,cpuacct.
		if _, err := os.Stat(filepath.Join(dir, "cgroup.procs")); err != nil || e.Type()&fs.ModeSymlink != 0 {
			continue
		}
		dirs = append(dirs, dir)
	}
	return dirs, nil
}

// Ensure makes the group in every hierarchy.
func (t Tree) Ensure(name string) error {
	dirs, err := t.hierarchies()
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		group := filepath.Join(dir, name)
		if err := os.MkdirAll(group, 0o755); err != nil {
			return fmt.Errorf("making control group %s: %w", name, err)
		}
		if t.IsUnified() {
			if err := errors.Join(delegate(dir), delegate(group)); err != nil {
				return err
			}
			continue
		}
		// In version 1 an empty cpuset takes no process.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			if err := inherit(dir, group, file); err != nil {
				return err
			}
		}
	}
	return nil
}

func inherit(parent, group, file string) error {
	have, err := os.ReadFile(filepath.Join(group, file))
	if errors.Is(err, os.ErrNotExist) || strings.TrimSpace(string(have)) != "" {
		return nil
	}
	value, err := os.ReadFile(filepath.Join(parent, file))
	if err != nil {
		return fmt.Errorf("reading the parent's %s: %w", file, err)
	}
	if err := os.WriteFile(filepath.Join(group, file), value, 0o644); err != nil {
		return fmt.Errorf("filling %s: %w", file, err)
	}
	return nil
}

// delegate enables for the children what the group itself may use.
func delegate(group string) error {
	data, err := os.ReadFile(filepath.Join(group, "cgroup.controllers"))
	if err != nil {
		return fmt.Errorf("reading controllers: %w", err)
	}
	for controller := range strings.FieldsSeq(string(data)) {
		err := os.WriteFile(filepath.Join(group, "cgroup.subtree_control"), []byte("+"+controller), 0o644)
		if err != nil {
			return fmt.Errorf("enabling controller %s: %w", controller, err)
		}
	}
	return nil
}

// Exists says whether the group exists in any hierarchy.
func (t Tree) Exists(name string) bool {
	dirs, err := t.everywhere()
	if err != nil {
		return false
	}
	return slices.ContainsFunc(dirs, func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	})
}

// Kill ends every process in the group and below, and returns how many there were. It's the way for a cluster whose container runtime is gone.
func (t Tree) Kill(name string) (int, error) {
	killed := map[int]bool{}
	for range 50 {
		pids, err := t.processes(name)
		if err != nil || len(pids) == 0 {
			return len(killed), err
		}
		for _, pid := range pids {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return len(killed), fmt.Errorf("killing process %d of group %s: %w", pid, name, err)
			}
			killed[pid] = true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return len(killed), fmt.Errorf("emptying control group %s: processes keep appearing", name)
}

func (t Tree) processes(name string) ([]int, error) {
	dirs, err := t.everywhere()
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, dir := range dirs {
		err := filepath.WalkDir(filepath.Join(dir, name), func(path string, _ fs.DirEntry, err error) error {
			if errors.Is(err, os.ErrNotExist) {
				return nil
			}
			if err != nil || filepath.Base(path) != "cgroup.procs" {
				return err
			}
			pids = append(pids, readPIDs(path)...)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("reading control group %s: %w", name, err)
		}
	}
	slices.Sort(pids)
	return slices.Compact(pids), nil
}

func readPIDs(path string) []int {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	var pids []int
	for s := bufio.NewScanner(f); s.Scan(); {
		// A zero stands for a process of another pid namespace: not ours to signal.
		if pid, err := strconv.Atoi(s.Text()); err == nil && pid > 1 {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Remove removes the group and those below it, deepest first, from every hierarchy.
func (t Tree) Remove(name string) error {
	dirs, err := t.everywhere()
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		var groups []string
		err := filepath.WalkDir(filepath.Join(dir, name), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				groups = append(groups, path)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("listing control group %s: %w", name, err)
		}
		slices.Reverse(groups)
		for _, g := range groups {
			if err := removeGroup(g); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeGroup tries for a second: a group is busy until the kernel has buried its last process.
func removeGroup(path string) error {
	var err error
	for range 50 {
		err = syscall.Rmdir(path)
		if err == nil || errors.Is(err, syscall.ENOENT) {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("removing control group %s: %w", path, err)
}
