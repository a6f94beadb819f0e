// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Marker is the variable that every server of ours carries; its value is the cluster's state folder.
const Marker = "KUBESTASH_CLUSTER_STATE"

// Spec is a server as it should run.
type Spec struct {
	// Name is unique in the cluster; the log file and the record are named after it.
	Name string
	// Argv is the command, the program's path first.
	Argv []string
	// Env is added to PATH, HOME and the marker: servers inherit nothing else.
	Env []string
	// Inputs are the contents of configuration files: when they change, the server has to be started again.
	Inputs []string
	// Start runs the prepared command; nil means Start. It's how a server gets into a network namespace.
	Start func(*exec.Cmd) error
}

// Fingerprint tells apart two ways of running a server.
func (s Spec) Fingerprint() string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q", s.Argv, s.Env, s.Inputs)
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// Record is what we keep of a started server.
type Record struct {
	Name        string    `json:"name"`
	PID         int       `json:"pid"`
	Start       string    `json:"start"`
	Boot        string    `json:"boot"`
	Fingerprint string    `json:"fingerprint"`
	Started     time.Time `json:"started"`
}

// Table keeps the records of one cluster's servers.
type Table struct {
	// Dir holds one record per server, Logs one log.
	Dir, Logs string
	// State is the marker's value.
	State string
	Now   func() time.Time
}

// IsAlive says whether the very process of the record runs.
func (r Record) IsAlive() bool {
	boot, err := Boot()
	if err != nil || boot != r.Boot || r.PID <= 1 {
		return false
	}
	s, err := readStat(r.PID)
	return err == nil && !s.isGone() && s.start == r.Start
}

// Records lists the records, alive or not, sorted by name.
func (t Table) Records() ([]Record, error) {
	files, err := filepath.Glob(filepath.Join(t.Dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("listing servers: %w", err)
	}
	slices.Sort(files)
	var records []Record
	for _, f := range files {
		r, err := t.Record(strings.TrimSuffix(filepath.Base(f), ".json"))
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// Record reads one record; a server that was never started has the zero record, which isn't alive.
func (t Table) Record(name string) (Record, error) {
	var r Record
	data, err := os.ReadFile(t.file(name))
	if errors.Is(err, os.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("reading the record of %s: %w", name, err)
	}
	// A record that a crash cut short counts as none; the sweep by marker finds the process all the same.
	if !json.Valid(data) {
		return Record{Name: name}, nil
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return Record{}, fmt.Errorf("reading the record of %s: %w", name, err)
	}
	return r, nil
}

func (t Table) file(name string) string { return filepath.Join(t.Dir, name+".json") }

// Log is the path of a server's log.
func (t Table) Log(name string) string { return filepath.Join(t.Logs, name+".log") }

// Ensure starts a server that doesn't run, and starts one again that runs another way. It says whether it started it.
func (t Table) Ensure(s Spec) (bool, error) {
	r, err := t.Record(s.Name)
	if err != nil {
		return false, err
	}
	if r.IsAlive() {
		if r.Fingerprint == s.Fingerprint() {
			return false, nil
		}
		if err := t.Stop(s.Name, 20*time.Second); err != nil {
			return false, err
		}
	}
	return true, t.start(s)
}

func (t Table) start(s Spec) error {
	if err := t.endStrays(s); err != nil {
		return err
	}
	if err := errors.Join(os.MkdirAll(t.Dir, 0o755), os.MkdirAll(t.Logs, 0o755)); err != nil {
		return fmt.Errorf("starting %s: %w", s.Name, err)
	}
	log, err := os.OpenFile(t.Log(s.Name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("starting %s: %w", s.Name, err)
	}
	defer log.Close()
	fmt.Fprintf(log, "--- %s: %s\n", t.Now().UTC().Format(time.RFC3339), strings.Join(s.Argv, " "))
	// No context: the server outlives us and whatever we're told meanwhile.
	cmd := exec.CommandContext(context.Background(), s.Argv[0], s.Argv[1:]...)
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = log, log
	// A session of its own: a Ctrl-C in the terminal that ran "up" is not for the servers.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Env = append([]string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + t.State, Marker + "=" + t.State,
	}, s.Env...)
	start := s.Start
	if start == nil {
		start = (*exec.Cmd).Start
	}
	if err := start(cmd); err != nil {
		return fmt.Errorf("starting %s: %w", s.Name, err)
	}
	// Read the start time before anybody can reap the process, then reap it when it ends while we're still here.
	err = t.write(s, cmd.Process.Pid)
	go func() { _ = cmd.Wait() }()
	return err
}

func (t Table) write(s Spec, pid int) error {
	boot, err := Boot()
	if err != nil {
		return err
	}
	st, err := readStat(pid)
	if err != nil {
		return fmt.Errorf("looking at the started %s: %w", s.Name, err)
	}
	data, err := json.Marshal(Record{
		Name: s.Name, PID: pid, Start: st.start, Boot: boot, Fingerprint: s.Fingerprint(), Started: t.Now().UTC(),
	})
	if err != nil {
		return fmt.Errorf("recording %s: %w", s.Name, err)
	}
	next := t.file(s.Name) + ".next"
	if err := os.WriteFile(next, data, 0o644); err != nil {
		return fmt.Errorf("recording %s: %w", s.Name, err)
	}
	return os.Rename(next, t.file(s.Name))
}
