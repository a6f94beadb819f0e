// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
)

func (w *work) restore(ctx context.Context, report *task.Report) error {
	if len(w.task.Repositories) != 1 {
		return invalid("a restore reads one repository, and the task names %d", len(w.task.Repositories))
	}
	if w.task.Restore == nil || len(w.task.Restore.Snapshots) == 0 {
		return invalid("there is nothing to restore: the task names no snapshot")
	}
	r := w.task.Repositories[0]
	out := task.RepositoryReport{Name: r.Name, Snapshot: r.Snapshot}
	err := w.restoreFrom(ctx, &out)
	out.Succeeded = err == nil
	if err != nil {
		out.Class, out.Message = w.tell(ctx, err)
		w.Log.Error("the restore failed", "repository", r.Name, "class", out.Class, "reason", out.Message)
	}
	report.Repositories = []task.RepositoryReport{out}
	return nil
}

func (w *work) restoreFrom(ctx context.Context, out *task.RepositoryReport) error {
	r, err := w.open(0)
	if err != nil {
		return err
	}
	defer r.close()
	if _, _, err := w.reach(ctx, r); err != nil {
		return err
	}
	if err := w.checkSnapshots(ctx, r); err != nil {
		return err
	}
	if err := w.checkTargets(); err != nil {
		return err
	}
	if err := w.checkEmpty(); err != nil {
		return err
	}
	if out.LocksRemoved, err = w.removeStaleLocks(ctx, r); err != nil {
		return err
	}
	var files int64
	for _, s := range w.task.Restore.Snapshots {
		w.Log.Info("restoring", "path", s.Path, "snapshot", s.ID)
		restored, err := r.engine.Restore(ctx, engine.RestoreRequest{
			SnapshotID: s.ID, Path: s.Path, Include: w.task.Restore.Include, Exclude: w.task.Restore.Exclude, Args: w.task.Restore.Args,
		}, func(p engine.Progress) { w.progress.print(out.Name, p) })
		if err != nil {
			return err
		}
		files += restored.Files
		out.Restored = append(out.Restored, restored)
	}
	if files == 0 {
		return &engine.Error{Class: engine.ClassPathMissing, Message: fmt.Sprintf(
			"nothing was restored: the patterns (include %s; exclude %s) leave no file of the snapshots",
			list(w.task.Restore.Include), list(w.task.Restore.Exclude))}
	}
	return nil
}

func list(patterns []string) string {
	if len(patterns) == 0 {
		return "none"
	}
	return strings.Join(patterns, ", ")
}

// checkSnapshots proves before the first byte is written that every snapshot is there and holds what the
// task says: half a restore is worse than none.
func (w *work) checkSnapshots(ctx context.Context, r *repository) error {
	have, err := r.engine.Snapshots(ctx)
	if err != nil {
		return err
	}
	for _, want := range w.task.Restore.Snapshots {
		at := slices.IndexFunc(have, func(s engine.Snapshot) bool { return want.ID != "" && s.ID == want.ID })
		if at < 0 {
			return &engine.Error{Class: engine.ClassSnapshotMissing, Message: fmt.Sprintf(
				"the repository does not hold snapshot %.8s of %s; nothing was written", want.ID, want.Path)}
		}
		if !slices.Contains(have[at].Paths, want.Path) {
			return &engine.Error{Class: engine.ClassSnapshotMissing, Message: fmt.Sprintf(
				"snapshot %.8s holds %s, not %s; nothing was written", want.ID, strings.Join(have[at].Paths, ", "), want.Path)}
		}
	}
	return nil
}

// checkTargets keeps files from being written where they are lost with the pod.
func (w *work) checkTargets() error {
	if w.OnVolume == nil {
		return nil
	}
	for _, s := range w.task.Restore.Snapshots {
		if err := w.OnVolume(s.Path); err != nil {
			return &engine.Error{Class: engine.ClassPathMissing, Message: err.Error() + "; nothing was written"}
		}
	}
	return nil
}

// lostAndFound is in every fresh ext4 file system.
const lostAndFound = "lost+found"

// checkEmpty keeps a volume that has another use from being written over.
func (w *work) checkEmpty() error {
	for _, path := range w.task.Restore.EmptyPaths {
		entries, err := os.ReadDir(path)
		if err != nil {
			return &engine.Error{Class: engine.ClassPathMissing, Message: "looking whether " + path + " is empty: " + err.Error() + "; nothing was written"}
		}
		for _, entry := range entries {
			if entry.Name() != lostAndFound {
				return &engine.Error{Class: engine.ClassPathMissing, Message: fmt.Sprintf(
					"the volume at %s was there before and is not empty: it holds %q; nothing was written. Choose another name for the claim, "+
						"or, when an earlier try has left it, delete it", path, entry.Name())}
			}
		}
	}
	return nil
}
