//go:build bench

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// sampling is how often the memory of a tree of processes is looked at.
const sampling = 10 * time.Millisecond

// cost is what one run took.
type cost struct {
	wall time.Duration
	// cpu is how long the process and its children had a processor.
	cpu time.Duration
	// rss is the most that the process and its children had in memory at one moment, in bytes.
	rss int64
	// requests to the store by method, children the processes that were started.
	requests map[string]int
	children int
}

// run runs a command to its end and measures it.
func run(t *testing.T, store *counter, cmd *exec.Cmd) (cost, []byte) {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	store.reset()
	started := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watch := newWatch(cmd.Process.Pid)
	err := cmd.Wait()
	c := cost{wall: time.Since(started), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	c.rss, c.children = watch.end()
	c.requests = store.counted()
	if err != nil {
		t.Fatalf("%v: %v\n%s\n%s", cmd.Args, err, last(out.String()), last(errOut.String()))
	}
	return c, out.Bytes()
}

// last is the end of a long text.
func last(text string) string { return text[max(0, len(text)-2000):] }

// watch looks at a tree of processes.
type watch struct {
	root int
	stop chan struct{}
	done sync.WaitGroup
	peak int64
	seen map[int]bool
}

func newWatch(pid int) *watch {
	w := &watch{root: pid, stop: make(chan struct{}), seen: map[int]bool{}}
	w.done.Go(func() {
		tick := time.NewTicker(sampling)
		defer tick.Stop()
		for {
			w.peak = max(w.peak, w.sum(pid))
			select {
			case <-w.stop:
				return
			case <-tick.C:
			}
		}
	})
	return w
}

func (w *watch) end() (peak int64, children int) {
	close(w.stop)
	w.done.Wait()
	return w.peak, len(w.seen)
}

// sum is the memory of a process and, for the root, of its children. One that ends meanwhile counts nothing.
func (w *watch) sum(pid int) int64 {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	words := strings.Fields(string(statm))
	if len(words) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(words[1], 10, 64)
	if err != nil {
		return 0
	}
	// A Go program that starts its first process makes one more, for a moment, to see whether it may.
	if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); err == nil && pid != w.root && strings.TrimSpace(string(name)) == "restic" {
		w.seen[pid] = true
	}
	total := pages * int64(os.Getpagesize())
	if pid != w.root {
		return total // restic starts nothing, and looking would take processor time from it
	}
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return total
	}
	for _, thread := range threads {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, thread.Name()))
		if err != nil {
			continue
		}
		for _, child := range strings.Fields(string(children)) {
			if id, err := strconv.Atoi(child); err == nil {
				total += w.sum(id)
			}
		}
	}
	return total
}
