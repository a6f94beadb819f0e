// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restoresession

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/progress"
	"kubestash.com/kubestash/internal/domain/restore"
	"kubestash.com/kubestash/internal/domain/size"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/task"
)

// gatherJobs goes by the status: the run goes on with the components that it was started with.
func (r *Reconciler) gatherJobs(ctx context.Context, g *gathered) error {
	s := &g.facts.Session
	g.facts.Components = slices.Sorted(maps.Keys(s.Status.Components))
	g.facts.Jobs = map[string]restore.Job{}
	for _, component := range g.facts.Components {
		name := naming.RestoreJob(s.Name, component, len(g.facts.Components))
		work, err := kube.ReadWork(ctx, r.Client, r.Live, s.Namespace, name)
		if err != nil {
			return err
		}
		g.facts.Jobs[component] = r.jobFact(ctx, name, work)
	}
	return nil
}

func (r *Reconciler) jobFact(ctx context.Context, name string, work kube.Work) restore.Job {
	fact := restore.Job{
		Name: name, Exists: work.Exists, Ended: work.Ended, Failure: work.Failure, Waiting: work.Waiting, Since: work.Since,
		Overdue: work.Overdue, Node: work.Node,
		Working: work.Running != nil,
	}
	if work.Ended && work.Message != "" {
		report, err := task.DecodeReport(work.Message)
		if err != nil {
			fact.Failure = work.Failure + " The pod's report can't be read: " + err.Error()
			return fact
		}
		return reported(fact, report)
	}
	if work.Running != nil {
		for _, p := range r.progress.Read(ctx, work.Running) {
			fact.Progress = progressOf(p)
		}
	}
	return fact
}

func reported(fact restore.Job, report task.Report) restore.Job {
	fact.Reported, fact.Succeeded = true, report.Succeeded
	fact.Duration = report.EndTime.Sub(report.StartTime.Time)
	if !report.Succeeded {
		fact.Error = fmt.Sprintf("%s: %s", report.Class, report.Message)
	}
	var files, bytes int64
	for _, repo := range report.Repositories {
		if !repo.Succeeded && repo.Message != "" {
			fact.Error = fmt.Sprintf("%s: %s", repo.Class, repo.Message)
		}
		for _, r := range repo.Restored {
			files, bytes = files+r.Files, bytes+r.TotalBytes
		}
	}
	if fact.Succeeded {
		fact.Restored = fmt.Sprintf(": %d files and folders, %s", files, size.Format(bytes))
		fact.Progress = progressOf(&engine.Progress{
			SecondsElapsed: int64(fact.Duration.Seconds()), TotalFiles: files, FilesDone: files, TotalBytes: bytes, BytesDone: bytes,
		})
	}
	return fact
}

func progressOf(p *engine.Progress) *corev1alpha1.RestoreProgress {
	out := &corev1alpha1.RestoreProgress{
		SecondsElapsed: p.SecondsElapsed, TotalFiles: p.TotalFiles, FilesDone: p.FilesDone,
		RestoreDone: progress.Amount(p.BytesDone), RestoreDoneBytes: p.BytesDone, TotalBytes: p.TotalBytes,
		PercentDone: progress.Percent(p.BytesDone, p.TotalBytes),
		Speed:       progress.Speed(p.BytesDone, p.SecondsElapsed),
	}
	if p.TotalBytes > 0 {
		out.Total = progress.Amount(p.TotalBytes)
	}
	return out
}
