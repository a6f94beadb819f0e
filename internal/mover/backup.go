// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"context"
	"errors"
	"slices"
	"strings"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
)

// frugalGOGC is restic's garbage collector target after it was killed for its memory.
const frugalGOGC = 20

// onReadErrorWarn is the value of Backup.OnReadError that keeps a backup in which files are missing.
const onReadErrorWarn = "Warn"

func (w *work) backup(ctx context.Context, report *task.Report) error {
	if len(w.task.Repositories) == 0 {
		return invalid("the task names no repository")
	}
	source := checkSource(w.task.Backup)
	for i, r := range w.task.Repositories {
		out := task.RepositoryReport{Name: r.Name, Snapshot: r.Snapshot}
		started := w.Now()
		err := source
		if err == nil {
			err = w.backupInto(ctx, i, &out)
		} else {
			w.recordRefusal(ctx, i, &out, err)
		}
		out.Succeeded = err == nil
		if err != nil {
			out.Class, out.Message = w.tell(ctx, err)
			w.Log.Error("the backup failed", "repository", r.Name, "class", out.Class, "reason", out.Message)
		} else {
			w.Log.Info("the backup is done", "repository", r.Name, "took", w.Now().Sub(started).String())
		}
		report.Repositories = append(report.Repositories, out)
	}
	return nil
}

// backupInto does the whole work for one repository.
func (w *work) backupInto(ctx context.Context, index int, out *task.RepositoryReport) error {
	if ctx.Err() != nil {
		return &engine.Error{Class: engine.ClassInterrupted, Message: "the work ended before it began: " + context.Cause(ctx).Error()}
	}
	started := w.Now()
	r, err := w.open(index)
	if err != nil {
		return err
	}
	defer r.close()
	order := w.task.Repositories[index]
	err = w.fill(ctx, r, order, out)
	if len(out.Summaries) > 0 {
		stats, statsErr := w.measure(ctx, r)
		if statsErr == nil {
			out.Stats = &stats
		} else {
			w.Log.Error("the repository could not be measured", "reason", statsErr.Error())
		}
	}
	// A cancelled pod still has some seconds, and a record that says Failed is better than one that says Running.
	recordErr := w.record(context.WithoutCancel(ctx), r, order, *out, err, w.Now().Sub(started))
	return firstError(err, recordErr)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// fill writes the snapshots, and drops old ones only when all of the new are whole.
func (w *work) fill(ctx context.Context, r *repository, order task.Repository, out *task.RepositoryReport) error {
	created, err := w.ensure(ctx, r)
	out.Created = created
	if err != nil {
		return err
	}
	out.LocksRemoved, err = w.removeStaleLocks(ctx, r)
	if err != nil {
		return err
	}
	for _, file := range order.Before {
		if err := r.objects.Put(ctx, file.Path, []byte(file.Content)); err != nil {
			return r.safe(err)
		}
	}
	if err := w.paths(ctx, r, order, out); err != nil {
		return err
	}
	if order.Check {
		if err := w.check(ctx, r, out); err != nil {
			return err
		}
	}
	w.forget(ctx, r, order, out)
	return nil
}

// paths stores one snapshot per path. Files that can't be read don't keep the other paths from being stored.
func (w *work) paths(ctx context.Context, r *repository, order task.Repository, out *task.RepositoryReport) error {
	var failed error
	for _, path := range w.task.Backup.Paths {
		summary, err := w.path(ctx, r, order, path)
		if summary.ID != "" {
			out.Summaries = append(out.Summaries, summary)
		}
		switch {
		case err == nil:
		case engine.ClassOf(err) != engine.ClassUnreadable:
			return err
		case w.task.Backup.OnReadError == onReadErrorWarn:
			out.Warning = join(out.Warning, message(err))
		default:
			failed = firstError(failed, err)
		}
	}
	return failed
}

// path stores one path, and once more with less memory when the kernel took restic away for having too much.
func (w *work) path(ctx context.Context, r *repository, order task.Repository, path string) (engine.Summary, error) {
	w.Log.Info("backing up", "repository", order.Name, "path", path)
	req := engine.BackupRequest{
		Path: path, Host: w.task.Component, Exclude: w.task.Backup.Exclude, Args: w.task.Backup.Args,
		Tags: []string{"kubestash", "session=" + w.task.Name},
	}
	if order.Mark != "" {
		req.Tags = append(req.Tags, order.Mark)
	}
	progress := func(p engine.Progress) { w.progress.print(order.Name, p) }
	summary, err := r.engine.Backup(ctx, req, progress)
	if engine.ClassOf(err) != engine.ClassOutOfMemory || ctx.Err() != nil {
		return summary, err
	}
	w.Log.Info("restic was killed for its use of memory; once more, with less", "path", path)
	if err := w.removeOwnLocks(ctx, r); err != nil {
		return engine.Summary{}, err
	}
	frugal := r.options
	frugal.GOGC = frugalGOGC
	again, err := w.Engine(frugal)
	if err != nil {
		return engine.Summary{}, err
	}
	return again.Backup(ctx, req, progress)
}

// check proves the repository. Damage makes the backup fail; that nobody could look doesn't.
func (w *work) check(ctx context.Context, r *repository, out *task.RepositoryReport) error {
	w.Log.Info("checking the repository", "repository", out.Name)
	checked, err := r.engine.Check(ctx, engine.CheckRequest{})
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil:
		out.Warning = join(out.Warning, "the repository was not checked: "+message(err))
		return nil
	}
	out.Integrity = &checked.Whole
	if !checked.Whole {
		return &engine.Error{Class: engine.ClassDamaged, Message: "restic's check found damage in the repository; nothing was forgotten. " +
			"Look at it with restic check, and keep a copy before repairing it: " + checked.Damage}
	}
	return nil
}

// forget drops what retention dropped, and then the documents that tell of it: a document without its data would
// promise what can't be restored.
func (w *work) forget(ctx context.Context, r *repository, order task.Repository, out *task.RepositoryReport) {
	strays, err := w.strays(ctx, r, order, out)
	if err != nil {
		// The next backup looks again.
		w.Log.Error("what pods that died have stored is not known", "repository", out.Name, "reason", err.Error())
	}
	if len(strays) > 0 {
		w.Log.Info("forgetting what pods that died have stored", "repository", out.Name, "snapshots", strings.Join(strays, " "))
	}
	if len(order.Forget)+len(strays) == 0 {
		return
	}
	if err := r.engine.Forget(ctx, slices.Concat(order.Forget, strays)); err != nil {
		if len(order.Forget) > 0 {
			out.ForgetError = message(err)
		}
		w.Log.Error("retention could not be applied", "repository", out.Name, "reason", message(err))
		return
	}
	out.Forgotten = order.Forget
	for _, document := range order.Remove {
		if err := r.objects.Delete(ctx, document); err != nil {
			out.ForgetError = "removing " + document + ": " + message(r.safe(err))
		}
	}
}

func message(err error) string {
	var known *engine.Error
	if errors.As(err, &known) && known.Message != "" {
		return known.Message
	}
	return err.Error()
}

func join(texts ...string) string {
	kept := texts[:0]
	for _, text := range texts {
		if text != "" {
			kept = append(kept, text)
		}
	}
	return strings.Join(kept, "; ")
}
