// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

var words = []string{"backup ", "restore ", "snapshot ", "of ", "the ", "volume ", "and ", "nothing ", "lost\n", "again ", "today, ", "yesterday.\n"}

// Plant makes the tree of a seed under an existing folder. Owners are set only by root; nobody else may.
func Plant(root string, seed uint64, owners bool) error {
	return plant(root, plan(seed), seed, owners)
}

func plant(root string, nodes []node, seed uint64, owners bool) error {
	for _, n := range nodes {
		if err := n.create(root, seed); err != nil {
			return fmt.Errorf("making %q: %w", n.path, err)
		}
	}
	// Folders last and from the inside out: making a file changes the time of its folder, and some folders forbid it.
	for _, n := range slices.Backward(nodes) {
		if err := n.finish(root, owners); err != nil {
			return fmt.Errorf("setting the properties of %q: %w", n.path, err)
		}
	}
	return nil
}

func (n node) create(root string, seed uint64) error {
	path := filepath.Join(root, n.path)
	switch n.kind {
	case "folder":
		return os.Mkdir(path, 0o700)
	case "symlink":
		return os.Symlink(n.target, path)
	case "hard link":
		return os.Link(filepath.Join(root, n.target), path)
	case "fifo":
		return unix.Mkfifo(path, 0o600)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(n.fill(f, seed), f.Close())
}

func (n node) fill(f *os.File, seed uint64) error {
	if n.hollow {
		_, err := f.WriteAt([]byte{1}, n.size-1)
		return err
	}
	random, wordy := n.content(seed)
	if !wordy {
		_, err := io.CopyN(f, random, n.size)
		return err
	}
	w, left := bufio.NewWriter(f), n.size
	for source := rand.New(random); left > 0; {
		word := words[source.IntN(len(words))]
		word = word[:min(int64(len(word)), left)]
		left -= int64(len(word))
		if _, err := w.WriteString(word); err != nil {
			return err
		}
	}
	return w.Flush()
}

// finish sets the owner before the mode, since a change of owner clears the set-id bits, and the time last.
func (n node) finish(root string, owners bool) error {
	path := filepath.Join(root, n.path)
	if n.kind == "hard link" {
		return nil
	}
	if n.attribute != "" {
		if err := unix.Lsetxattr(path, "user.origin", []byte(n.attribute), 0); err != nil && !errors.Is(err, unix.ENOTSUP) {
			return err
		}
	}
	if owners {
		if err := os.Lchown(path, n.uid, n.gid); err != nil {
			return err
		}
	}
	if n.kind != "symlink" {
		if err := unix.Chmod(path, n.mode); err != nil {
			return err
		}
	}
	at, err := unix.TimeToTimespec(n.modified)
	if err != nil {
		return err
	}
	return unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW)
}
