// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/engine/restic"
	"kubestash.com/kubestash/internal/task"
)

// Deps are what a mover is given from outside.
type Deps struct {
	// Find knows the stores.
	Find func(provider string) (backend.Backend, error)
	// Engine opens a repository; restic.New in an Engine's clothes.
	Engine func(restic.Options) (engine.Engine, error)
	// Now is the clock, and Wait lets time pass unless the context ends.
	Now  func() time.Time
	Wait func(ctx context.Context, d time.Duration) error
	// Out receives the progress lines, Log what a person may want to read.
	Out io.Writer
	Log *slog.Logger
	// TaskDir holds the credential files, and ScratchDir can be written: task.Dir and task.ScratchDir.
	TaskDir, ScratchDir string
	// Hostname is the pod's, by which its own locks are told.
	Hostname string
	// Restic is the path of the program, Environ the environment that it starts from.
	Restic  string
	Environ []string
	// MemoryLimit is given to restic's runtime, in bytes; zero means none.
	MemoryLimit int64
	// RetryLock bounds the waiting for somebody else's lock; zero means restic.DefaultRetryLock.
	RetryLock time.Duration
	// OnVolume says why writing to a path would not reach a volume; nil skips the question.
	OnVolume func(path string) error
}

// errDeadline is the cause of an end at Task.Deadline.
var errDeadline = errors.New("the deadline has passed")

// Run does the work of t and never fails: what went wrong is in the Report.
func Run(ctx context.Context, t task.Task, d Deps) task.Report {
	report := task.Report{Version: task.Version, Component: t.Component, StartTime: metav1.NewTime(d.Now())}
	if t.Deadline != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, t.Deadline.Time, errDeadline)
		defer cancel()
	}
	w := &work{Deps: d, task: t, progress: newPrinter(d.Out, d.Now)}
	if err := w.do(ctx, &report); err != nil {
		report.Class, report.Message = w.tell(ctx, err)
		d.Log.Error("the task failed", "class", report.Class, "reason", report.Message)
	}
	report.Succeeded = report.Class == ""
	for _, r := range report.Repositories {
		report.Succeeded = report.Succeeded && r.Succeeded
	}
	report.EndTime = metav1.NewTime(d.Now())
	return report
}

// work is one Run.
type work struct {
	Deps
	task     task.Task
	progress *printer
}

func (w *work) do(ctx context.Context, report *task.Report) error {
	if w.task.Version != task.Version {
		return invalid("the task has version %q; this mover knows %q", w.task.Version, task.Version)
	}
	switch w.task.Kind {
	case task.KindBackup:
		return w.backup(ctx, report)
	case task.KindRestore:
		return w.restore(ctx, report)
	case task.KindFinish:
		return w.finish(ctx, report)
	case task.KindMaintain:
		return w.maintain(ctx, report)
	case task.KindInitStorage:
		return w.initStorage(ctx, report)
	case task.KindWipe:
		return w.wipe(ctx)
	case task.KindReadDocuments:
		return w.readDocuments(ctx, report)
	}
	return invalid("the task's kind %q is unknown", w.task.Kind)
}

// tell turns an error into what a Report says. An end from outside is told as such, wherever it struck. What kept the
// work from being done by its deadline is worth more than that the deadline has passed.
func (w *work) tell(ctx context.Context, err error) (engine.Class, string) {
	var known *engine.Error
	message := err.Error()
	class := engine.ClassOf(err)
	if errors.As(err, &known) {
		message = known.Message
	}
	if cause := context.Cause(ctx); cause != nil && class != engine.ClassInterrupted {
		if !errors.Is(cause, errDeadline) || class == engine.ClassUnknown {
			class = engine.ClassInterrupted
		}
		if !strings.Contains(message, cause.Error()) {
			message = fmt.Sprintf("%v: %s", cause, message)
		}
	}
	if message == "" {
		message = "no reason is known"
	}
	return class, message
}

func invalid(format string, args ...any) error {
	return &engine.Error{Class: engine.ClassInvalidTask, Message: fmt.Sprintf(format, args...)}
}
