// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var names = [2]string{"before", "after"}

func folderOf(t *testing.T, nodes []node, seed uint64) string {
	t.Helper()
	root := t.TempDir()
	if err := plant(root, nodes, seed, false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// A folder that forbids writing can't be emptied by its owner.
		_ = filepath.WalkDir(root, func(path string, d os.DirEntry, _ error) error {
			if d != nil && d.IsDir() {
				_ = os.Chmod(path, 0o700)
			}
			return nil
		})
	})
	return root
}

// oddities leaves out the bulk, which takes time and shows nothing here.
func oddities(seed uint64) []node {
	nodes := plan(seed)
	return nodes[slices.IndexFunc(nodes, func(n node) bool { return n.path == "odd" }):]
}

func list(t *testing.T, root string) []Entry {
	t.Helper()
	entries, err := List(root)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// readable lets an owner who isn't root list the
func readable(t *testing.T, root string) {
	t.Helper()
	for _, name := range []string{"odd/modes/file-0000", "odd/modes/file-0001"} {
		if err := os.Chmod(filepath.Join(root, name), 0o400); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPlant(t *testing.T) {
	one, same, other := folderOf(t, plan(1), 1), folderOf(t, plan(1), 1), folderOf(t, plan(2), 2)
	for _, root := range []string{one, same, other} {
		readable(t, root)
		if err := os.Chtimes(root, time.Time{}, time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	first := list(t, one)
	if d := Compare(names, first, list(t, same)); len(d) > 0 {
		t.Errorf("one seed gave two trees:\n%s", strings.Join(d[:min(5, len(d))], "\n"))
	}
	if d := Compare(names, first, list(t, other)); len(d) == 0 {
		t.Error("two seeds gave one tree")
	}
	types, size := Count(first)
	if types["file"] < 2000 || size < 100<<20 {
		t.Errorf("the tree has %d files of %d bytes together, want at least 2,000 of 100 MiB", types["file"], size)
	}
	for _, kind := range []string{"folder", "symlink", "fifo"} {
		if types[kind] == 0 {
			t.Errorf("the tree has no %s", kind)
		}
	}
}

func TestEncode(t *testing.T) {
	root := folderOf(t, oddities(1), 1)
	readable(t, root)
	entries := list(t, root)
	var text bytes.Buffer
	if err := Encode(&text, entries); err != nil {
		t.Fatal(err)
	}
	back, err := Decode(&text)
	if err != nil {
		t.Fatal(err)
	}
	if d := Compare(names, entries, back); len(d) > 0 {
		t.Errorf("what was decoded isn't what was encoded: %v", d)
	}
}

func TestCompare(t *testing.T) {
	at := func(root, name string) string { return filepath.Join(root, "odd", name) }
	for sentence, c := range map[string]struct {
		change func(root string) error
		want   string
	}{
		"a file that is gone is noticed": {
			func(root string) error { return os.Remove(at(root, "names/-rf")) }, `"odd/names/-rf": only before`,
		},
		"a file that is new is noticed": {
			func(root string) error { return os.WriteFile(at(root, "new"), nil, 0o600) }, `"odd/new": only after`,
		},
		"a changed byte is noticed, although size and time are the same": {
			func(root string) error { return overwrite(at(root, "hole")) }, `"odd/hole": content (SHA-256) is`,
		},
		"a mode without its set-id bit is noticed": {
			func(root string) error { return os.Chmod(at(root, "modes/file-4755"), 0o755) }, `"odd/modes/file-4755": mode is 4755 before and 0755 after`,
		},
		"a time that lost its nanoseconds is noticed": {
			func(root string) error {
				return os.Chtimes(at(root, "times/one-nanosecond"), time.Time{}, time.Unix(1000000000, 0))
			},
			"modification time is 1000000000.000000001 before and 1000000000.000000000 after",
		},
		"a link that points elsewhere is noticed": {
			func(root string) error { return relink(at(root, "links/dangling"), "another file") }, `link target is "no such file" before and "another file" after`,
		},
		"a hard link that became a copy is noticed": {
			func(root string) error { return unlink(at(root, "links/hard-2")) }, "other name of the file is",
		},
		"an empty file that became an empty folder is noticed": {
			func(root string) error {
				path := at(root, "empty file")
				if err := os.Remove(path); err != nil {
					return err
				}
				return os.Mkdir(path, 0o644)
			},
			`"odd/empty file": type is file before and folder after`,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			root := folderOf(t, oddities(3), 3)
			readable(t, root)
			before := list(t, root)
			if err := c.change(root); err != nil {
				t.Fatal(err)
			}
			differences := strings.Join(Compare(names, before, list(t, root)), "\n")
			if !strings.Contains(differences, c.want) {
				t.Errorf("want a difference with %q, got:\n%s", c.want, differences)
			}
		})
	}
}

// overwrite changes one byte and restores the times.
func overwrite(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt([]byte{7}, 1<<20); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Chtimes(path, time.Time{}, info.ModTime())
}

func relink(path, target string) error {
	if err := os.Remove(path); err != nil {
		return err
	}
	return os.Symlink(target, path)
}

func unlink(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o640)
}
