// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// memoryFiles tell a container's limit, in versions 2 and 1 of control groups.
var memoryFiles = []string{"sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"}

// noLimit is above any machine's memory; version 1 says "none" by such a number.
const noLimit = 1 << 60

// MemoryLimit is nine tenths of the container's memory limit, in bytes, and zero where there is none. root is
// the file system of the container.
func MemoryLimit(root fs.FS) int64 {
	for _, name := range memoryFiles {
		content, err := fs.ReadFile(root, name)
		if err != nil {
			continue
		}
		limit, err := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64)
		if err != nil || limit <= 0 || limit >= noLimit {
			return 0
		}
		return limit / 10 * 9
	}
	return 0
}

// OnVolume says why writing to a path would end in the container's own file system, and nil when a volume is
// mounted at the path or above it.
func OnVolume(path string) error {
	root, err := device("/")
	if err != nil {
		return fmt.Errorf("looking at the pod's file system: %w", err)
	}
	for at := filepath.Clean(path); at != "/"; at = filepath.Dir(at) {
		found, err := device(at)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("looking at %s: %w", at, err)
		}
		if found != root {
			return nil
		}
		break
	}
	return fmt.Errorf("no volume is mounted at or above %s in the pod", path)
}

func device(path string) (uint64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, fmt.Errorf("no device is known of %s", path)
	}
	return stat.Dev, nil
}
