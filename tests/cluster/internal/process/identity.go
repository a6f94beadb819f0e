// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// stat is what we read of /proc/PID/stat.
type stat struct {
	// state is the letter: R, S, Z and so on.
	state string
	// start is the start time in clock ticks since boot.
	start string
}

// parseStat reads a line of /proc/PID/stat. The second field is the program's name in parentheses, and may hold spaces and parentheses.
func parseStat(line string) (stat, error) {
	end := strings.LastIndex(line, ")")
	if end < 0 {
		return stat{}, errors.New("reading a process: no name in its line")
	}
	fields := strings.Fields(line[end+1:])
	// The first field after the name is number 3, the start time is number 22.
	if len(fields) < 20 {
		return stat{}, errors.New("reading a process: its line is too short")
	}
	return stat{state: fields[0], start: fields[19]}, nil
}

func readStat(pid int) (stat, error) {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return stat{}, err
	}
	return parseStat(string(data))
}

// isGone says whether a process ended. A zombie has ended: only its parent hasn't looked yet.
func (s stat) isGone() bool { return s.state == "Z" || s.state == "X" }

// Boot is the id of the machine's current boot.
func Boot() (string, error) {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("reading the boot id: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}
