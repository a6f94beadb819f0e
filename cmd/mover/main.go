// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubestash.com/kubestash/internal/backend/all"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/engine/restic"
	"kubestash.com/kubestash/internal/mover"
	"kubestash.com/kubestash/internal/task"
)

// Exit codes. The Job of a pod treats the first three as final; it starts another pod after exitInterrupted.
const (
	exitSucceeded = 0
	// exitFailed: the work was done or refused, and the Report says what failed.
	exitFailed = 1
	// exitNoTask: there was no Task that could be read.
	exitNoTask = 2
	// exitInterrupted: a signal ended the work, as when the pod is deleted. The Report says so.
	exitInterrupted = 128 + int(syscall.SIGTERM)
)

// version is set by the linker.
var version = "devel"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are the flags of "run".
type options struct {
	task, taskDir, scratch, terminationLog, restic string
}

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	code := exitSucceeded
	var o options
	root := &cobra.Command{
		Use: "mover", Short: "Do one task of KubeStash inside a pod", SilenceUsage: true, SilenceErrors: true,
	}
	runCmd := &cobra.Command{
		Use: "run", Short: "Do the task and leave a report in the termination message", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			code = perform(cmd.Context(), o, out, errOut)
			return nil
		},
	}
	flags := runCmd.Flags()
	flags.StringVar(&o.task, "task", filepath.Join(task.Dir, task.FileName), "the task; its credential files are beside it")
	flags.StringVar(&o.scratch, "scratch", task.ScratchDir, "a folder that can be written, for temporary files and the cache")
	flags.StringVar(&o.terminationLog, "termination-log", "/dev/termination-log", "the file that the report is written to")
	flags.StringVar(&o.restic, "restic", "/usr/local/bin/restic", "the restic program")
	root.AddCommand(runCmd, &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(*cobra.Command, []string) { fmt.Fprintln(out, version) },
	})
	root.SetArgs(args)
	root.SetOut(errOut)
	root.SetErr(errOut)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(errOut, "mover:", err)
		return exitNoTask
	}
	return code
}

// perform does the work and leaves the Report, whatever happens.
func perform(ctx context.Context, o options, out, errOut io.Writer) int {
	log := slog.New(slog.NewTextHandler(errOut, nil))
	o.taskDir = filepath.Dir(o.task)
	t, err := readTask(o.task)
	if err != nil {
		now := metav1.NewTime(time.Now())
		leave(o.terminationLog, log, task.Report{Version: task.Version, Class: engine.ClassInvalidTask, Message: err.Error(), StartTime: now, EndTime: now})
		return exitNoTask
	}
	hostname, err := os.Hostname()
	if err != nil {
		log.Error("the host name is unknown; stale locks will be left alone", "reason", err.Error())
	}
	report := mover.Run(ctx, t, mover.Deps{
		Find:   all.Find,
		Engine: func(options restic.Options) (engine.Engine, error) { return restic.New(options) },
		Now:    time.Now, Wait: wait,
		Out: out, Log: log,
		TaskDir: o.taskDir, ScratchDir: o.scratch,
		Hostname: hostname, Restic: o.restic, Environ: os.Environ(),
		MemoryLimit: mover.MemoryLimit(os.DirFS("/")),
		OnVolume:    mover.OnVolume,
	})
	leave(o.terminationLog, log, report)
	switch {
	case report.Succeeded:
		return exitSucceeded
	case ctx.Err() != nil:
		return exitInterrupted
	}
	return exitFailed
}

func readTask(name string) (task.Task, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return task.Task{}, fmt.Errorf("reading the task: %w", err)
	}
	var t task.Task
	if err := json.Unmarshal(content, &t); err != nil {
		return task.Task{}, fmt.Errorf("reading the task %s: %w", name, err)
	}
	return t, nil
}

// leave writes the Report. Where that is impossible, the log is the last place to say so.
func leave(name string, log *slog.Logger, report task.Report) {
	log.Info("the task is over", "succeeded", report.Succeeded)
	if err := os.WriteFile(name, []byte(mover.Fit(report)), 0o644); err != nil { //nolint:gosec // the kubelet reads it
		log.Error("the report could not be left", "reason", err.Error())
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return errors.Join(ctx.Err(), context.Cause(ctx))
	case <-timer.C:
		return nil
	}
}
