// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Write fills the folder, which must exist. It needs root, for the owners.
func Write(t testing.TB, dir string) {
	t.Helper()
	old := time.Date(2001, 2, 3, 4, 5, 6, 789000000, time.UTC)
	files := []struct {
		name, content string
		mode          fs.FileMode
		uid, gid      int
	}{
		{"plain.txt", "plain\n", 0o644, 0, 0},
		{"empty", "", 0o600, 1000, 1000},
		{"ünï-名前 🎈", "unicode\n", 0o640, 65534, 65534},
		{"with space\tand tab", "x", 0o666, 0, 7},
		{"-leading-dash", "dash", 0o400, 0, 0},
		{"new\nline", "line", 0o644, 0, 0},
		{"nobody-may", "secret", 0o000, 12345, 0},
		{"script", "#!/bin/sh\n", 0o4755, 0, 0},
		{"sub/deep/er/file", strings.Repeat("0123456789abcdef", 70000), 0o444, 3, 4},
		{"sub/.hidden", "h", 0o604, 0, 0},
	}
	for _, d := range []string{"sub/deep/er", "empty-folder", "sticky"} {
		must(t, os.MkdirAll(filepath.Join(dir, d), 0o755))
	}
	for _, f := range files {
		name := filepath.Join(dir, f.name)
		must(t, os.WriteFile(name, []byte(f.content), 0o600))
		must(t, os.Chown(name, f.uid, f.gid))
		must(t, os.Chmod(name, modeOf(f.mode)))
		must(t, os.Chtimes(name, old, old))
	}
	must(t, os.Symlink("plain.txt", filepath.Join(dir, "link")))
	must(t, os.Symlink("/nowhere/at all", filepath.Join(dir, "dangling")))
	must(t, os.Lchown(filepath.Join(dir, "dangling"), 99, 98))
	must(t, os.Link(filepath.Join(dir, "plain.txt"), filepath.Join(dir, "sub", "hard")))
	must(t, os.Chmod(filepath.Join(dir, "sticky"), 0o777|fs.ModeSticky))
	must(t, os.Chown(filepath.Join(dir, "sub"), 42, 43))
	must(t, os.Chmod(filepath.Join(dir, "sub"), 0o710))
	for _, d := range []string{"sub/deep/er", "sub/deep", "sub", "empty-folder", "sticky", "."} {
		must(t, os.Chtimes(filepath.Join(dir, d), old, old))
	}
}

func modeOf(bits fs.FileMode) fs.FileMode {
	mode := bits & fs.ModePerm
	if bits&0o4000 != 0 {
		mode |= fs.ModeSetuid
	}
	return mode
}

// Read describes everything in the folder, the folder itself as ".".
func Read(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	must(t, filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		stat := info.Sys().(*syscall.Stat_t)
		line := fmt.Sprintf("%v %d:%d %s", info.Mode(), stat.Uid, stat.Gid, info.ModTime().UTC().Format(time.RFC3339Nano))
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(name)
			if err != nil {
				return err
			}
			line += " -> " + target
		case info.Mode().IsRegular():
			content, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %d bytes %x", len(content), sha256.Sum256(content))
		}
		out[relative] = line
		return nil
	}))
	return out
}

// Diff lists what differs, one line each; it is empty when nothing does.
func Diff(want, got map[string]string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			out = append(out, fmt.Sprintf("%q: want %s, got %s", name, want[name], orMissing(got[name])))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[name]; !ok {
			out = append(out, fmt.Sprintf("%q: not wanted, got %s", name, got[name]))
		}
	}
	return out
}

func orMissing(line string) string {
	if line == "" {
		return "nothing"
	}
	return line
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
