// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// outcome is what became of one restic process.
type outcome struct {
	// started is false when there was no process at all; err says why.
	started bool
	code    int
	signal  syscall.Signal
	// interrupted is why we ended the process ourselves; nil when it ended by itself.
	interrupted error
	// feed is why the stream that restic was to store broke; nil when it was whole.
	feed   error
	err    error
	stderr complaint
}

// run starts restic, hands each line of its standard output to each, and waits for its end.
//
// When ctx ends, or the stream breaks, restic's process group gets SIGINT, upon which restic removes its
// lock, and SIGKILL after Options.Grace.
func (c *Client) run(ctx context.Context, args []string, stdin io.Reader, each func([]byte)) outcome {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	var out outcome
	stdout := &lineWriter{limit: maxLine, each: each}
	stderr := &lineWriter{limit: maxComplaint, each: out.stderr.add}
	cmd := exec.CommandContext(ctx, c.o.Binary, append(globalArgs(c.o), args...)...)
	cmd.Env = environment(c.o)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return signalGroup(cmd, syscall.SIGINT) }
	cmd.WaitDelay = c.o.Grace

	feeder, err := newFeeder(stdin, cmd, cancel)
	if err != nil {
		return outcome{err: err}
	}
	if err := c.start(cmd); err != nil {
		feeder.abandon()
		return outcome{err: fmt.Errorf("starting restic: %w", err)}
	}
	out.started = true
	feeder.begin()
	waitErr := cmd.Wait()
	out.interrupted = context.Cause(ctx)
	// A producer that restic started, or a process that ignored SIGINT, must not outlive it.
	_ = signalGroup(cmd, syscall.SIGKILL)
	out.feed = feeder.end()
	stdout.Flush()
	stderr.Flush()
	out.finish(waitErr)
	return out
}

func (o *outcome) finish(waitErr error) {
	var exit *exec.ExitError
	if !errors.As(waitErr, &exit) {
		o.err = waitErr
		return
	}
	o.code = exit.ExitCode()
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		o.signal = status.Signal()
	}
}

// start applies the priorities to the thread that forks, which the child inherits; that thread is thrown
// away with its goroutine, as an ordinary process can't raise its priority again.
func (c *Client) start(cmd *exec.Cmd) error {
	if c.o.Nice == nil && c.o.IONice == nil {
		return cmd.Start()
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if err := lowerPriority(c.o.Nice, c.o.IONice); err != nil {
			done <- err
			return
		}
		done <- cmd.Start()
	}()
	return <-done
}

func signalGroup(cmd *exec.Cmd, signal syscall.Signal) error {
	if cmd.Process == nil {
		return nil
	}
	err := syscall.Kill(-cmd.Process.Pid, signal)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// feeder hands a stream to restic. Closing the pipe tells restic that the stream is whole, so when it
// breaks the pipe stays open until restic has been interrupted and is gone: half a dump is never stored.
type feeder struct {
	source io.Reader
	read   *os.File
	write  *os.File
	stop   context.CancelCauseFunc
	done   chan error
}

func newFeeder(source io.Reader, cmd *exec.Cmd, stop context.CancelCauseFunc) (*feeder, error) {
	f := &feeder{source: source, stop: stop}
	if source == nil {
		return f, nil
	}
	var err error
	if f.read, f.write, err = os.Pipe(); err != nil {
		return nil, fmt.Errorf("opening a pipe to restic: %w", err)
	}
	cmd.Stdin = f.read
	return f, nil
}

func (f *feeder) abandon() {
	if f.source != nil {
		_ = f.read.Close()
		_ = f.write.Close()
	}
}

// errStreamBroken is the cause with which the feeder ends restic.
var errStreamBroken = errors.New("the stream broke")

func (f *feeder) begin() {
	if f.source == nil {
		return
	}
	_ = f.read.Close()
	f.done = make(chan error, 1)
	go func() {
		_, err := io.Copy(f.write, f.source)
		// When restic ends first, the pipe breaks; that is restic's failure, not the producer's.
		if err == nil || errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) {
			f.done <- f.write.Close()
			return
		}
		f.done <- err
		f.stop(errStreamBroken)
	}()
}

// end returns why the stream broke. It doesn't wait for a producer that hangs though restic is gone.
func (f *feeder) end() error {
	if f.source == nil {
		return nil
	}
	select {
	case err := <-f.done:
		_ = f.write.Close()
		if errors.Is(err, os.ErrClosed) {
			return nil
		}
		return err
	default:
		return f.write.Close()
	}
}

// managed are the variables that only this package sets: one that a user put on the container would aim
// restic at another repository, or hand it a second password.
var managed = []string{
	"RESTIC_REPOSITORY", "RESTIC_REPOSITORY_FILE", "RESTIC_PASSWORD", "RESTIC_PASSWORD_FILE",
	"RESTIC_PASSWORD_COMMAND", "RESTIC_KEY_HINT", "RESTIC_HOST", "RESTIC_CACHE_DIR", "RESTIC_PROGRESS_FPS",
	"GOMEMLIMIT", "HOME", "TMPDIR", "TZ",
}

// environment is what restic runs with: the caller's variables, then ours. A later value wins; an empty
// one is left out, which unsets it.
func environment(o Options) []string {
	drop := map[string]bool{}
	for _, name := range managed {
		drop[name] = true
	}
	ours := []string{"RESTIC_PROGRESS_FPS=1", "TZ=UTC"}
	if o.TempDir != "" {
		ours = append(ours, "HOME="+o.TempDir, "TMPDIR="+o.TempDir)
	}
	if o.MemoryLimit > 0 {
		ours = append(ours, fmt.Sprintf("GOMEMLIMIT=%d", o.MemoryLimit))
	}
	if o.GOGC > 0 {
		drop["GOGC"] = true
		ours = append(ours, fmt.Sprintf("GOGC=%d", o.GOGC))
	}
	for name := range o.Env {
		drop[name] = true
	}
	var env []string
	for _, entry := range o.Environ {
		if name, _, ok := strings.Cut(entry, "="); ok && !drop[name] {
			env = append(env, entry)
		}
	}
	env = append(env, ours...)
	for _, name := range sortedKeys(o.Env) {
		if o.Env[name] != "" {
			env = append(env, name+"="+o.Env[name])
		}
	}
	return env
}

// defaultGrace is shorter than the 30 s that Kubernetes gives a pod, so that a report can still be left.
const defaultGrace = 15 * time.Second
