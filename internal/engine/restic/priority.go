// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restic

import (
	"fmt"
	"syscall"
)

// IONice is an I/O scheduling class and level, as ionice(1) has them: class 0 none, 1 real-time, 2
// best-effort, 3 idle; levels 0 (first) to 7.
type IONice struct {
	Class, Level int
}

const (
	ioprioWhoProcess = 1
	ioprioClassShift = 13
)

// lowerPriority changes the calling thread only, as the kernel keeps both values per thread.
func lowerPriority(nice *int, io *IONice) error {
	if nice != nil {
		if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, *nice); err != nil {
			return fmt.Errorf("setting nice %d: %w", *nice, err)
		}
	}
	if io != nil {
		value := io.Class<<ioprioClassShift | io.Level
		if _, _, errno := syscall.Syscall(syscall.SYS_IOPRIO_SET, ioprioWhoProcess, 0, uintptr(value)); errno != 0 {
			return fmt.Errorf("setting ionice class %d level %d: %w", io.Class, io.Level, errno)
		}
	}
	return nil
}
