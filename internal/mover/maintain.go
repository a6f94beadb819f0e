// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
)

// maintain checks and prunes one restic repository after the other. One failing doesn't stop the others.
func (w *work) maintain(ctx context.Context, report *task.Report) error {
	if len(w.task.Repositories) == 0 || w.task.Maintain == nil {
		return invalid("the task names no repository, or no work")
	}
	for i, r := range w.task.Repositories {
		out := task.RepositoryReport{Name: r.Name}
		err := w.maintainOne(ctx, i, &out)
		out.Succeeded = err == nil
		if err != nil {
			out.Class, out.Message = w.tell(ctx, err)
			w.Log.Error("the maintenance failed", "repository", r.Name, "class", out.Class, "reason", out.Message)
		}
		report.Repositories = append(report.Repositories, out)
	}
	return nil
}

func (w *work) maintainOne(ctx context.Context, index int, out *task.RepositoryReport) error {
	if ctx.Err() != nil {
		return &engine.Error{Class: engine.ClassInterrupted, Message: "the work ended before it began: " + context.Cause(ctx).Error()}
	}
	r, err := w.open(index)
	if err != nil {
		return err
	}
	defer r.close()
	if _, holds, err := w.reach(ctx, r); err != nil || holds == holdsNothing {
		// A first backup that failed has left nothing to look after.
		return err
	}
	there, err := r.engine.Exists(ctx)
	if err != nil || !there {
		return err
	}
	if out.LocksRemoved, err = w.removeStaleLocks(ctx, r); err != nil {
		return err
	}
	if w.task.Maintain.Check {
		if err := w.prove(ctx, r, out); err != nil {
			return err
		}
	}
	if !w.task.Maintain.Prune {
		return nil
	}
	return w.prune(ctx, r, out)
}

// prove checks. Damage keeps the repository from being pruned: that could throw away what a repair needs.
func (w *work) prove(ctx context.Context, r *repository, out *task.RepositoryReport) error {
	w.Log.Info("checking", "repository", out.Name, "reading", w.task.Maintain.ReadDataSubset)
	checked, err := r.engine.Check(ctx, engine.CheckRequest{ReadDataSubset: w.task.Maintain.ReadDataSubset})
	if err != nil {
		return w.outgrown(err)
	}
	out.Integrity = &checked.Whole
	if !checked.Whole {
		return &engine.Error{Class: engine.ClassDamaged, Message: checked.Damage}
	}
	return nil
}

func (w *work) prune(ctx context.Context, r *repository, out *task.RepositoryReport) error {
	w.Log.Info("pruning", "repository", out.Name)
	order := w.task.Maintain
	summary, err := r.engine.Prune(ctx, engine.PruneRequest{MaxUnused: order.MaxUnused, MaxRepackSize: order.MaxRepackSize})
	if r.backend.IsVolume() {
		// What a prune that failed has written is in use too.
		err = firstError(err, r.safe(handOver(r.options.URL)))
	}
	if err != nil {
		return w.outgrown(err)
	}
	out.Pruned = &task.Pruned{FreedBytes: summary.FreedBytes}
	return nil
}

// outgrown tells the number when restic was killed for its use of memory.
func (w *work) outgrown(err error) error {
	if engine.ClassOf(err) != engine.ClassOutOfMemory || w.MemoryLimit == 0 {
		return err
	}
	// The runtime is given nine tenths of the container's limit.
	const mebi = 1 << 20
	return &engine.Error{Class: engine.ClassOutOfMemory, Message: fmt.Sprintf("%s of %d MiB", message(err), w.MemoryLimit/9*10/mebi)}
}

// lockPatience is how long a command waits for somebody else's lock.
func (w *work) lockPatience() time.Duration {
	if w.task.RetryLock != nil {
		return w.task.RetryLock.Duration
	}
	return w.RetryLock
}

// handOver gives what root has written in a repository on a volume to the one who owns its config: the pods that back
// up may run as somebody else, and restic makes its files private.
func handOver(folder string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Lstat(filepath.Join(folder, configFile))
	if err != nil {
		return fmt.Errorf("looking at the repository's config: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	return filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid == 0 {
			return os.Lchown(name, int(owner.Uid), int(owner.Gid))
		}
		return nil
	})
}
