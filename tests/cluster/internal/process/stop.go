// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Stop ends a server and forgets it: SIGTERM, and SIGKILL when the grace is over. A server that doesn't run is no error.
func (t Table) Stop(name string, grace time.Duration) error {
	r, err := t.Record(name)
	if err != nil {
		return err
	}
	if r.IsAlive() {
		if err := t.end(r, grace); err != nil {
			return err
		}
	}
	if err := os.Remove(t.file(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("forgetting %s: %w", name, err)
	}
	return nil
}

func (t Table) end(r Record, grace time.Duration) error {
	if err := signal(r, syscall.SIGTERM); err != nil {
		return err
	}
	if t.wait(r, grace) {
		return nil
	}
	if err := signal(r, syscall.SIGKILL); err != nil {
		return err
	}
	if t.wait(r, 10*time.Second) {
		return nil
	}
	return fmt.Errorf("stopping %s: process %d survives SIGKILL", r.Name, r.PID)
}

func signal(r Record, sig syscall.Signal) error {
	if !r.IsAlive() {
		return nil
	}
	if err := syscall.Kill(r.PID, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stopping %s: %w", r.Name, err)
	}
	return nil
}

// wait says whether the process ended in time.
func (t Table) wait(r Record, limit time.Duration) bool {
	deadline := t.Now().Add(limit)
	for r.IsAlive() {
		if t.Now().After(deadline) {
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
	return true
}

// Marked finds every process with our marker, recorded or not: what a crash made us forget, and the shims that containerd left.
func (t Table) Marked() ([]Record, error) {
	boot, err := Boot()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	want := []byte(Marker + "=" + t.State)
	var found []Record
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid <= 1 || pid == os.Getpid() {
			continue
		}
		// Processes come and go while we look, and those of others may be closed to us: neither is ours to end.
		env, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if err != nil || !hasEntry(env, want) {
			continue
		}
		if s, err := readStat(pid); err == nil && !s.isGone() {
			found = append(found, Record{Name: "process " + e.Name(), PID: pid, Start: s.start, Boot: boot})
		}
	}
	return found, nil
}

// endStrays ends processes of ours with the very command line that is about to be started: whoever started them was killed before it could
// write the record. Two of a kind would fight for ports and files.
func (t Table) endStrays(s Spec) error {
	found, err := t.Marked()
	if err != nil {
		return err
	}
	want := strings.Join(s.Argv, "\x00") + "\x00"
	for _, r := range found {
		line, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(r.PID), "cmdline"))
		if err != nil || string(line) != want {
			continue
		}
		if err := t.end(r, 10*time.Second); err != nil {
			return err
		}
	}
	return nil
}

func hasEntry(environ, want []byte) bool {
	for entry := range bytes.SplitSeq(environ, []byte{0}) {
		if bytes.Equal(entry, want) {
			return true
		}
	}
	return false
}

// Sweep ends every process with our marker and returns how many there were.
func (t Table) Sweep(grace time.Duration) (int, error) {
	found, err := t.Marked()
	if err != nil {
		return 0, err
	}
	errc := make(chan error)
	for _, r := range found {
		go func() { errc <- t.end(r, grace) }()
	}
	var errs []error
	for range found {
		errs = append(errs, <-errc)
	}
	return len(found), errors.Join(errs...)
}
