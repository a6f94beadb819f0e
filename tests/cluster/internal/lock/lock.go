// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Lock is held until Release, or until the process ends.
type Lock struct{ file *os.File }

// pause is the time between two attempts.
const pause = 200 * time.Millisecond

// Acquire takes the lock, waiting for its owner. waiting is called once, with what the owner wrote of itself, if we have to wait; it may be
// nil.
func Acquire(ctx context.Context, path string, waiting func(owner string)) (*Lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of a lock: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening a lock: %w", err)
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return &Lock{file: f}, sign(f)
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, fmt.Errorf("locking %s: %w", path, err)
		}
		if waiting != nil {
			owner, _ := os.ReadFile(path)
			waiting(strings.TrimSpace(string(owner)))
			waiting = nil
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("waiting for %s: %w", path, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// sign leaves our process id for whoever waits.
func sign(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("signing a lock: %w", err)
	}
	_, err := f.WriteAt(fmt.Appendf(nil, "process %d\n", os.Getpid()), 0)
	if err != nil {
		return fmt.Errorf("signing a lock: %w", err)
	}
	return nil
}

// Release gives the lock back. The file stays: removing it would let two owners hold two files of one name.
func (l *Lock) Release() {
	l.file.Close()
}
