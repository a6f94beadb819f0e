// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// inotify limits that two kubelets, two runtimes and the pods need; many machines have 128 instances.
var inotify = map[string]int{
	"/proc/sys/fs/inotify/max_user_instances": 1024,
	"/proc/sys/fs/inotify/max_user_watches":   262144,
}

// prepareKernel loads modules and raises limits. It's the only change that cluster-down doesn't take back: they are limits, and others may
// have come to need them.
func (u *ascent) prepareKernel(ctx context.Context) error {
	for _, module := range []string{"overlay", "br_netfilter", "veth", "nf_tables"} {
		// A kernel with the module built in has nothing to load; one without it fails below, with a name.
		_ = exec.CommandContext(ctx, "modprobe", module).Run()
	}
	for path, want := range inotify {
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading a kernel limit: %w", err)
		}
		have, err := strconv.Atoi(strings.TrimSpace(string(data)))
		if err != nil || have >= want {
			continue
		}
		if err := os.WriteFile(path, []byte(strconv.Itoa(want)), 0o644); err != nil {
			return fmt.Errorf("raising %s: %w", path, err)
		}
		fmt.Fprintf(u.Out, "raised %s from %d to %d\n", strings.ReplaceAll(strings.TrimPrefix(path, "/proc/sys/"), "/", "."), have, want)
	}
	return nil
}

// share makes a folder a mount of its own with shared propagation: a pod that mounts with propagation wants one, and on many machines the
// root isn't.
func share(dir string) error {
	mounted, err := mountsBelow(dir)
	if err != nil {
		return err
	}
	isMounted := false
	for _, m := range mounted {
		isMounted = isMounted || m == dir
	}
	if !isMounted {
		if err := syscall.Mount(dir, dir, "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("mounting %s: %w", dir, err)
		}
	}
	if err := syscall.Mount("", dir, "", syscall.MS_SHARED, ""); err != nil {
		return fmt.Errorf("sharing %s: %w", dir, err)
	}
	return nil
}

// mountsBelow lists the mount points at a folder and below, in the order in which they were made.
func mountsBelow(dir string) ([]string, error) {
	f, err := os.Open("/proc/self/mounts")
	if err != nil {
		return nil, fmt.Errorf("listing mounts: %w", err)
	}
	defer f.Close()
	var found []string
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if point := mountPoint(s.Text()); point == dir || strings.HasPrefix(point, dir+"/") {
			found = append(found, point)
		}
	}
	return found, s.Err()
}

// mountPoint is the second field of a line, with the octal escapes of spaces and the like taken back.
func mountPoint(line string) string {
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return ""
	}
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(fields[1])
}

// unmountBelow unmounts everything at a folder and below, last first.
func unmountBelow(dir string) error {
	for range 5 {
		points, err := mountsBelow(dir)
		if err != nil || len(points) == 0 {
			return err
		}
		for i := len(points) - 1; i >= 0; i-- {
			err := syscall.Unmount(points[i], 0)
			if errors.Is(err, syscall.EBUSY) {
				err = syscall.Unmount(points[i], syscall.MNT_DETACH)
			}
			if err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOENT) {
				return fmt.Errorf("unmounting %s: %w", points[i], err)
			}
		}
	}
	return fmt.Errorf("unmounting what is below %s: mounts keep appearing", dir)
}
