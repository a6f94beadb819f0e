// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// List reads a tree, the root included, in the order of paths.
func List(root string) ([]Entry, error) {
	var paths []string
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("walking %s: %w", root, err)
	}
	slices.Sort(paths)
	type file struct{ device, inode uint64 }
	first := map[file]string{}
	entries := make([]Entry, 0, len(paths))
	for _, path := range paths {
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			return nil, fmt.Errorf("reading the properties of %q: %w", path, err)
		}
		e, err := describe(root, path, st)
		if err != nil {
			return nil, err
		}
		if e.Type != "folder" && st.Nlink > 1 {
			id := file{uint64(st.Dev), st.Ino} //nolint:unconvert // its type depends on the architecture
			if name, seen := first[id]; seen {
				e.LinkedWith = name
			} else {
				first[id] = e.Path
			}
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func describe(root, path string, st unix.Stat_t) (Entry, error) {
	relative, err := filepath.Rel(root, path)
	if err != nil {
		return Entry{}, fmt.Errorf("naming %q: %w", path, err)
	}
	e := Entry{
		Path: strconv.Quote(relative), Type: typeOf(st.Mode), Mode: fmt.Sprintf("%04o", st.Mode&0o7777), UID: st.Uid, GID: st.Gid,
		Modified: fmt.Sprintf("%d.%09d", st.Mtim.Sec, st.Mtim.Nsec),
	}
	switch e.Type {
	case "symlink":
		target, err := os.Readlink(path)
		if err != nil {
			return Entry{}, fmt.Errorf("reading a link: %w", err)
		}
		e.Target = strconv.Quote(target)
	case "file":
		e.Size = st.Size
		if e.SHA256, err = hash(path); err != nil {
			return Entry{}, err
		}
	}
	e.Attributes, err = attributes(path)
	return e, err
}

func typeOf(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return "file"
	case unix.S_IFDIR:
		return "folder"
	case unix.S_IFLNK:
		return "symlink"
	case unix.S_IFIFO:
		return "fifo"
	case unix.S_IFSOCK:
		return "socket"
	}
	return "device"
}

func hash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("opening a file: %w", err)
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("reading %q: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// attributes reads those that users set; what the system sets differs from one file system to the next.
func attributes(path string) (map[string]string, error) {
	names, err := call(func(buffer []byte) (int, error) { return unix.Llistxattr(path, buffer) })
	if err != nil {
		if errors.Is(err, unix.ENOTSUP) {
			return nil, nil
		}
		return nil, fmt.Errorf("listing the attributes of %q: %w", path, err)
	}
	var all map[string]string
	for name := range strings.SplitSeq(string(names), "\x00") {
		if !strings.HasPrefix(name, "user.") {
			continue
		}
		value, err := call(func(buffer []byte) (int, error) { return unix.Lgetxattr(path, name, buffer) })
		if err != nil {
			return nil, fmt.Errorf("reading attribute %s of %q: %w", name, path, err)
		}
		if all == nil {
			all = map[string]string{}
		}
		all[name] = hex.EncodeToString(value)
	}
	return all, nil
}

// call asks for the size, and then for the value.
func call(get func([]byte) (int, error)) ([]byte, error) {
	size, err := get(nil)
	if err != nil || size == 0 {
		return nil, err
	}
	buffer := make([]byte, size)
	size, err = get(buffer)
	return buffer[:max(0, size)], err
}
