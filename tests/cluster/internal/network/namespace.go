// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// namespaces is where named network namespaces are mounted, as ip(8) does it.
const namespaces = "/var/run/netns"

// Within runs f on a thread that is in the named network namespace. Processes that f starts are in it too, with every other namespace and
// mount as it is: "ip netns exec" would hide the control groups behind a fresh /sys.
func Within(name string, f func() error) error {
	target, err := netns.GetFromName(name)
	if err != nil {
		return fmt.Errorf("opening network namespace %s: %w", name, err)
	}
	defer target.Close()
	return inHandle(target, f)
}

func inHandle(target netns.NsHandle, f func() error) error {
	runtime.LockOSThread()
	home, err := netns.Get()
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("reading our network namespace: %w", err)
	}
	defer home.Close()
	if err := netns.Set(target); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("entering a network namespace: %w", err)
	}
	result := f()
	if err := netns.Set(home); err != nil {
		// The thread stays locked, so Go ends it with this goroutine instead of lending it to others.
		return errors.Join(result, fmt.Errorf("leaving a network namespace: %w", err))
	}
	runtime.UnlockOSThread()
	return result
}

// ensureNamespace makes a named network namespace. A mount point without a namespace (a crash between the two steps) is replaced.
func ensureNamespace(name string) error {
	if handle, err := netns.GetFromName(name); err == nil {
		var fs unix.Statfs_t
		err := unix.Statfs(filepath.Join(namespaces, name), &fs)
		handle.Close()
		if err == nil && fs.Type == unix.NSFS_MAGIC {
			return nil
		}
	}
	if err := removeNamespace(name); err != nil {
		return err
	}
	errc := make(chan error, 1)
	go func() {
		// NewNamed leaves its thread in the new namespace. This thread is never unlocked, so it ends here.
		runtime.LockOSThread()
		handle, err := netns.NewNamed(name)
		if err == nil {
			handle.Close()
		}
		errc <- err
	}()
	if err := <-errc; err != nil {
		return fmt.Errorf("making network namespace %s: %w", name, err)
	}
	return nil
}

// removeNamespace is no error when there is none.
func removeNamespace(name string) error {
	path := filepath.Join(namespaces, name)
	if err := unix.Unmount(path, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("unmounting network namespace %s: %w", name, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing network namespace %s: %w", name, err)
	}
	return nil
}

// Identity tells a namespace apart from a later one of the same name.
func Identity(name string) (string, error) {
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(namespaces, name), &st); err != nil {
		return "", fmt.Errorf("looking at network namespace %s: %w", name, err)
	}
	return fmt.Sprintf("%d:%d", st.Dev, st.Ino), nil
}
