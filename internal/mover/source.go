// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
)

// checkSource finds out before anything is written whether the source is what it should be.
func checkSource(b *task.Backup) error {
	if b == nil || len(b.Paths) == 0 {
		return invalid("the task names no path to back up")
	}
	var missing, empty []string
	for _, path := range b.Paths {
		if !filepath.IsAbs(path) {
			return invalid("the path %q is not absolute", path)
		}
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, path)
		case err == nil && b.PreviousFiles[path] > 0 && info.IsDir() && holdsNoFile(path):
			empty = append(empty, fmt.Sprintf("%s (%d files in the last good snapshot)", path, b.PreviousFiles[path]))
		}
	}
	if len(missing) > 0 {
		return &engine.Error{Class: engine.ClassPathMissing, Message: "there is nothing at " + strings.Join(missing, ", ") +
			" in the pod; name paths that the target mounts"}
	}
	if len(empty) > 0 {
		return &engine.Error{Class: engine.ClassSourceEmpty, Message: "there is no file any more in " + strings.Join(empty, ", ") +
			"; nothing was stored, and older snapshots are kept. Restore it, or name another path"}
	}
	return nil
}

var errFound = errors.New("found")

// holdsNoFile is false when in doubt: what can't be read, restic will name.
func holdsNoFile(path string) bool {
	return filepath.WalkDir(path, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return errFound
		}
		return nil
	}) == nil
}
