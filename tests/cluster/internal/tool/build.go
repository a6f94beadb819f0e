// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package tool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"kubestash.com/kubestash/tests/cluster/internal/lock"
)

// Builder builds tools into a cache.
type Builder struct {
	// Tools is the folder of tool modules in the checkout.
	Tools string
	// Cache is the folder that binaries are kept in, one folder per tool, version and key.
	Cache string
	// Out receives progress.
	Out io.Writer
	// Now is the clock that durations are taken from.
	Now func() time.Time
	// IsAnnounced says that the caller has told the user what will be built.
	IsAnnounced bool
	// Beat is how often a build that still runs says so; zero means every 20 seconds.
	Beat time.Duration
}

// Dir is the folder that holds, or will hold, the binaries of a pinned tool.
func (b Builder) Dir(p Pin) string {
	return filepath.Join(b.Cache, "bin", p.Name, p.Version+"-"+p.Key)
}

// Missing lists the tools whose binaries aren't cached.
func (b Builder) Missing(tools []Tool) ([]Pin, error) {
	var missing []Pin
	for _, t := range tools {
		p, err := Resolve(b.Tools, t)
		if err != nil {
			return nil, err
		}
		if !b.isCached(p) {
			missing = append(missing, p)
		}
	}
	return missing, nil
}

func (b Builder) isCached(p Pin) bool {
	for _, name := range p.Binaries {
		if info, err := os.Stat(filepath.Join(b.Dir(p), name)); err != nil || !info.Mode().IsRegular() {
			return false
		}
	}
	return true
}

// Ensure builds what isn't cached. Builds run one after another: each of them uses every core already. What the later ones need is downloaded meanwhile.
func (b Builder) Ensure(ctx context.Context, tools []Tool) error {
	missing, err := b.Missing(tools)
	if err != nil || len(missing) == 0 {
		return err
	}
	if !b.IsAnnounced {
		fmt.Fprintln(b.Out, Forecast(missing))
	}
	start := b.Now()
	stop := fetch(ctx, missing[1:])
	defer stop()
	for i, p := range missing {
		label := fmt.Sprintf("building %s %s (%d of %d)", p.Name, strings.TrimSpace(p.Version+" "+p.Arch), i+1, len(missing))
		if err := b.once(ctx, p, label, minutes(missing[i:])); err != nil {
			return err
		}
	}
	if len(missing) > 1 {
		fmt.Fprintf(b.Out, "built %d tools in %s\n", len(missing), b.Now().Sub(start).Round(time.Second))
	}
	return nil
}

// once builds a tool unless somebody else does: two that build it at the same time would take twice as long and end with the same files.
func (b Builder) once(ctx context.Context, p Pin, label string, left float64) error {
	held, err := b.lock(ctx, p.Name)
	if err != nil {
		return err
	}
	defer held.Release()
	if b.isCached(p) {
		return nil
	}
	return b.build(ctx, p, label, left)
}

// lock is held by who builds, or removes, the binaries of a tool.
func (b Builder) lock(ctx context.Context, name string) (*lock.Lock, error) {
	return lock.Acquire(ctx, filepath.Join(b.Cache, "locks", name), func(owner string) {
		fmt.Fprintf(b.Out, "waiting for another build of %s (%s)\n", name, owner)
	})
}

// fetch downloads what the tools are built from, until it's told to stop. What goes wrong is told by the build.
func fetch(ctx context.Context, pins []Pin) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, p := range pins {
			_ = goCommand(ctx, p, append([]string{"list", "-deps", "-tags", strings.Join(p.Tags, ",")}, p.Packages...)...).Run()
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// Forecast says what will be built and how long that takes on two cores. It's for people: nothing depends on it.
func Forecast(pins []Pin) string {
	if len(pins) == 0 {
		return "nothing to build"
	}
	var names []string
	for _, p := range pins {
		names = append(names, p.Name)
	}
	return fmt.Sprintf("to build from source, once on this machine: %s (about %.0f min on two cores, without the downloads)",
		strings.Join(names, ", "), max(1, minutes(pins)))
}

func minutes(pins []Pin) float64 {
	var sum float64
	for _, p := range pins {
		sum += p.Minutes
	}
	return sum
}

// build compiles into a folder beside the final one and renames it, so a cached folder is always whole.
func (b Builder) build(ctx context.Context, p Pin, label string, left float64) error {
	final := b.Dir(p)
	if err := os.MkdirAll(filepath.Dir(final), 0o755); err != nil {
		return fmt.Errorf("making the cache: %w", err)
	}
	work, err := os.MkdirTemp(filepath.Dir(final), ".building-")
	if err != nil {
		return fmt.Errorf("making the cache: %w", err)
	}
	defer os.RemoveAll(work)
	stop := b.progress(label, left)
	err = goBuild(ctx, p, work)
	stop(err)
	if err != nil {
		return fmt.Errorf("%s: %w", label, err)
	}
	for i, pkg := range p.Packages {
		if len(p.Packages) == 1 {
			pkg = ""
		}
		if err := rename(work, pkg, p.Binaries[i]); err != nil {
			return err
		}
	}
	if err := os.Chmod(work, 0o755); err != nil {
		return fmt.Errorf("opening the cache to other users: %w", err)
	}
	if err := os.RemoveAll(final); err != nil {
		return fmt.Errorf("replacing an incomplete build: %w", err)
	}
	return os.Rename(work, final)
}

// rename gives a binary our name. Go names it after the last element of the import path, save a version suffix; with one package the
// folder holds one file, whatever its name.
func rename(dir, pkg, want string) error {
	have := filepath.Base(pkg)
	if pkg == "" {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return fmt.Errorf("reading the build's output: %w", err)
		}
		if len(entries) != 1 {
			return fmt.Errorf("reading the build's output: want one file, got %d", len(entries))
		}
		have = entries[0].Name()
	}
	if have == want {
		return nil
	}
	return os.Rename(filepath.Join(dir, have), filepath.Join(dir, want))
}

func goBuild(ctx context.Context, p Pin, out string) error {
	cmd := goCommand(ctx, p, append([]string{"build", "-o", out + string(filepath.Separator)}, p.Arguments()...)...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return errors.Join(err, errors.New(tail(output.String(), 20)))
	}
	return nil
}

// goCommand runs go in the tool's module. When it's stopped, go stops its compilers.
func goCommand(ctx context.Context, p Pin, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Dir = p.Dir
	// A user's own flags or workspace must not change what we build.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off")
	if p.Arch != "" {
		cmd.Env = append(cmd.Env, "GOARCH="+p.Arch)
	}
	return cmd
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// progress prints the label now, again at every beat, and how it ended. left is how many minutes this build and those after it usually take.
func (b Builder) progress(label string, left float64) func(error) {
	start := b.Now()
	elapsed := func() time.Duration { return b.Now().Sub(start).Round(time.Second) }
	fmt.Fprintf(b.Out, "%s\n", label)
	beat := b.Beat
	if beat == 0 {
		beat = 20 * time.Second
	}
	ticker := time.NewTicker(beat)
	done, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		for {
			select {
			case <-ticker.C:
				rest := max(0, left-elapsed().Minutes())
				fmt.Fprintf(b.Out, "%s: %s so far, all of it done in about %.0f min\n", label, elapsed(), max(1, rest))
			case <-done:
				return
			}
		}
	}()
	return func(err error) {
		ticker.Stop()
		close(done)
		<-finished
		outcome := "done"
		if err != nil {
			outcome = "failed"
		}
		fmt.Fprintf(b.Out, "%s: %s after %s\n", label, outcome, elapsed())
	}
}
