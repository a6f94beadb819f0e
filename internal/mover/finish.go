// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"context"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
)

// finish is the last step of a run with several components: only now is it known that all of them are safe, so
// only now may older ones go.
func (w *work) finish(ctx context.Context, report *task.Report) error {
	if len(w.task.Repositories) == 0 {
		return invalid("the task names no repository")
	}
	for i, r := range w.task.Repositories {
		out := task.RepositoryReport{Name: r.Name, Snapshot: r.Snapshot}
		err := w.finishOne(ctx, i, &out)
		out.Succeeded = err == nil
		if err != nil {
			out.Class, out.Message = w.tell(ctx, err)
			w.Log.Error("finishing failed", "repository", r.Name, "directory", r.Directory, "class", out.Class, "reason", out.Message)
		}
		report.Repositories = append(report.Repositories, out)
	}
	return nil
}

func (w *work) finishOne(ctx context.Context, index int, out *task.RepositoryReport) error {
	order := w.task.Repositories[index]
	r, err := w.open(index)
	if err != nil {
		return err
	}
	defer r.close()
	for _, file := range order.Before {
		if err := r.objects.Put(ctx, file.Path, []byte(file.Content)); err != nil {
			return r.safe(err)
		}
	}
	if len(order.Forget) == 0 {
		return nil
	}
	there, err := r.engine.Exists(ctx)
	if err != nil {
		return err
	}
	if !there {
		return &engine.Error{Class: engine.ClassAbsent, Message: "there is no repository at " + order.Directory}
	}
	if out.LocksRemoved, err = w.removeStaleLocks(ctx, r); err != nil {
		return err
	}
	w.forget(ctx, r, order, out)
	return nil
}
