// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"context"
	"fmt"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/domain/snapshot"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/task"
)

func (r *Reconciler) gatherJobs(ctx context.Context, g *gathered) error {
	for i := range g.facts.Units {
		if err := r.gatherUnitJobs(ctx, g, &g.facts.Units[i]); err != nil {
			return err
		}
	}
	return r.gatherStray(ctx, g)
}

// gatherStray finds the Jobs of components that nobody knows any more, because the Snapshot that named them was deleted:
// behind the verdict of the session they would go on.
func (r *Reconciler) gatherStray(ctx context.Context, g *gathered) error {
	known, lost := map[string]bool{}, false
	for _, u := range g.facts.Units {
		for _, job := range u.Jobs {
			known[job.Name] = true
		}
		lost = lost || slices.ContainsFunc(u.Repositories, func(r session.Repository) bool { return r.Snapshot == nil })
	}
	if !lost {
		return nil
	}
	s := &g.facts.Session
	var jobs batchv1.JobList
	if err := r.Live.List(ctx, &jobs, client.InNamespace(s.Namespace), client.MatchingLabels(childLabels(s))); err != nil {
		return fmt.Errorf("listing Jobs of BackupSession %s/%s: %w", s.Namespace, s.Name, err)
	}
	for i := range jobs.Items {
		job := &jobs.Items[i]
		if metav1.IsControlledBy(job, s) && !known[job.Name] && job.DeletionTimestamp.IsZero() && !kube.JobEnded(job) {
			g.facts.Stray = append(g.facts.Stray, job.Name)
		}
	}
	return nil
}

func (r *Reconciler) gatherUnitJobs(ctx context.Context, g *gathered, u *session.Unit) error {
	u.Components = componentsOf(u.Repositories)
	u.Jobs = map[string]session.Job{}
	for _, component := range u.Components {
		name := naming.TargetJob(g.facts.Session.Name, u.Target, component, len(u.Components))
		work, err := kube.ReadWork(ctx, r.Client, r.Live, g.facts.Session.Namespace, name)
		if err != nil {
			return err
		}
		u.Jobs[component] = r.jobFact(ctx, g, u, component, name, work)
	}
	if len(u.Components) > 1 {
		return r.gatherFinisher(ctx, g, u)
	}
	return nil
}

func (r *Reconciler) jobFact(ctx context.Context, g *gathered, u *session.Unit, component, name string, work kube.Work) session.Job {
	fact := session.Job{
		Name: name, Exists: work.Exists, Ended: work.Ended, Failure: work.Failure, Waiting: work.Waiting, Since: work.Since,
		Overdue: work.Overdue, Node: work.Node,
	}
	if work.Ended && work.Message != "" {
		report, err := task.DecodeReport(work.Message)
		if err != nil {
			fact.Failure = work.Failure + " The pod's report can't be read: " + err.Error()
			return fact
		}
		fact.Outcomes = outcomes(g.facts.Session.Spec.Session, component, report)
		if len(report.Repositories) == 0 {
			fact.Outcomes, fact.Failure = nil, fmt.Sprintf("%s: %s", report.Class, report.Message)
		}
		return fact
	}
	if work.Running != nil {
		fact.Running = r.running(ctx, g, u, component, work.Running)
	}
	return fact
}

func outcomes(sessionName, component string, report task.Report) map[string]session.Outcome {
	out := map[string]session.Outcome{}
	for _, repo := range report.Repositories {
		out[repo.Name] = session.Outcome{
			Component: snapshot.Component(snapshot.Outcome{
				Path:      repository.ComponentPath(sessionName, component),
				Succeeded: repo.Succeeded, Class: repo.Class, Message: repo.Message,
				Summaries: repo.Summaries, Stats: repo.Stats, Integrity: repo.Integrity,
				Duration: report.EndTime.Sub(report.StartTime.Time),
			}),
			Ended: report.EndTime.Time, Warning: repo.Warning, Forgotten: repo.Forgotten, ForgetError: repo.ForgetError, LocksRemoved: repo.LocksRemoved,
		}
	}
	return out
}

// running describes a component whose pod works. Before the pod has told anything it is just running.
func (r *Reconciler) running(
	ctx context.Context, g *gathered, u *session.Unit, component string, pod *corev1.Pod,
) map[string]storagev1alpha1.Component {
	lines := r.progress.Read(ctx, pod)
	out := map[string]storagev1alpha1.Component{}
	for _, repo := range u.Repositories {
		out[repo.Name] = snapshot.Running(repository.ComponentPath(g.facts.Session.Spec.Session, component), lines[repo.Name])
	}
	return out
}

// stopped deletes a Job with its pods.
func (r *Reconciler) stop(ctx context.Context, namespace, name string) error {
	job := &batchv1.Job{}
	job.Namespace, job.Name = namespace, name
	return kube.Delete(ctx, r.Client, job)
}
