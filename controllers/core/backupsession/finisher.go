// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/source"
	"kubestash.com/kubestash/internal/task"
)

// gatherFinisher looks at the Job of the last step. It has an entry per restic repository in its Report, so what
// belongs to one Repository is put together.
func (r *Reconciler) gatherFinisher(ctx context.Context, g *gathered, u *session.Unit) error {
	name := naming.TargetRetentionPolicyJob(g.facts.Session.Name, u.Target)
	work, err := kube.ReadWork(ctx, r.Client, r.Live, g.facts.Session.Namespace, name)
	if err != nil {
		return err
	}
	fact := session.Job{Name: name, Exists: work.Exists, Ended: work.Ended, Failure: work.Failure}
	defer func() { u.Finisher = fact }()
	if !work.Ended || work.Message == "" {
		return nil
	}
	report, err := task.DecodeReport(work.Message)
	switch {
	case err != nil:
		fact.Failure = "its report can't be read: " + err.Error()
	case len(report.Repositories) == 0:
		fact.Failure = fmt.Sprintf("%s: %s", report.Class, report.Message)
	default:
		fact.Outcomes = map[string]session.Outcome{}
		for _, repo := range report.Repositories {
			o := fact.Outcomes[repo.Name]
			o.Forgotten = append(o.Forgotten, repo.Forgotten...)
			o.LocksRemoved = append(o.LocksRemoved, repo.LocksRemoved...)
			problems := []string{o.ForgetError, repo.ForgetError}
			if !repo.Succeeded {
				problems = append(problems, fmt.Sprintf("%s: %s", repo.Class, repo.Message))
			}
			o.ForgetError = strings.Join(slices.DeleteFunc(problems, func(p string) bool { return p == "" }), "; ")
			fact.Outcomes[repo.Name] = o
		}
	}
	return nil
}

// createFinisher makes the Job of the last step, with a Secret of its own: that of the run has no Task for it.
func (r *Reconciler) createFinisher(ctx context.Context, s *corev1alpha1.BackupSession, g *gathered, i session.Finish) error {
	labels, err := kube.NamespaceLabels(ctx, r.Live, s.Namespace)
	if err != nil {
		return err
	}
	name := naming.TargetRetentionPolicyJob(s.Name, i.Target)
	run := desired.Run{
		Namespace: s.Namespace, Name: name, Labels: childLabels(s), Owner: ownedBy(s), Mover: r.Mover,
	}
	run.Labels[metav1alpha1.LabelComponent] = metav1alpha1.JobComponentRetentionPolicy
	if part := g.part(i.Target); part != nil && part.Addon != nil {
		run.JobTemplate, run.Container = part.Addon.JobTemplate, part.Addon.ContainerRuntimeSettings
	}
	finisher := desired.Component{
		Name: name, JobName: name, Security: desired.BackupSecurity(nil, labels),
		Task: task.Task{Version: task.Version, Kind: task.KindFinish, Name: s.Name, Namespace: s.Namespace, Job: name},
	}
	u := g.unit(i.Target)
	step := lastStep{Reconciler: r, session: s, gathered: g, unit: u, intent: i, run: &run, task: &finisher.Task}
	for _, fact := range u.Repositories {
		if err := step.add(ctx, fact); err != nil {
			return err
		}
	}
	secret, jobs, err := run.Build([]desired.Component{finisher})
	if err != nil {
		return err
	}
	return kube.CreateRun(ctx, r.Client, r.Live, s, secret, jobs...)
}

// lastStep is the Job of a unit's last step while its Task and its Secret are put together.
type lastStep struct {
	*Reconciler
	session  *corev1alpha1.BackupSession
	gathered *gathered
	unit     *session.Unit
	intent   session.Finish
	run      *desired.Run
	task     *task.Task
}

// add adds an entry per restic repository. The first of them carries what is done once.
func (l *lastStep) add(ctx context.Context, fact session.Repository) error {
	p, ok := l.gathered.places[fact.Name]
	if !ok || fact.Snapshot == nil {
		return nil
	}
	keys, problem, err := source.Open(ctx, l.Live, l.Backends, p.repository, p.storage, nil, "")
	if err != nil {
		return err
	}
	if problem != "" {
		return fmt.Errorf("opening Repository %s: %s", fact.Name, problem)
	}
	components := slices.Sorted(maps.Keys(l.intent.Forget[fact.Name]))
	document := slices.Contains(l.intent.Documents, fact.Snapshot.Name)
	if len(components) == 0 && document {
		components = l.unit.Components[:1]
	}
	for n, component := range components {
		entry := task.Repository{
			Name: fact.Name, Snapshot: fact.Snapshot.Name,
			Storage:   task.Storage{Backend: *p.storage.Spec.Storage.DeepCopy()},
			Directory: repository.ComponentDir(p.repository.Spec.Path, l.session.Spec.Session, component),
			Forget:    l.intent.Forget[fact.Name][component],
		}
		if n == 0 && document {
			content, err := repository.SnapshotDocument(fact.Snapshot)
			if err != nil {
				return err
			}
			entry.Before = []task.File{{Path: repository.SnapshotKey(p.repository.Spec.Path, fact.Snapshot.Name), Content: string(content)}}
		}
		if n == len(components)-1 && fact.DocumentsByPod {
			for _, dropped := range l.intent.Drop[fact.Name] {
				entry.Remove = append(entry.Remove, repository.SnapshotKey(p.repository.Spec.Path, dropped))
			}
		}
		l.task.Repositories = append(l.task.Repositories, entry)
		l.run.Repositories = append(l.run.Repositories, desired.RunRepository{
			Repository: p.repository, Storage: p.storage, Credentials: keys.Credentials, Password: keys.Password, Snapshot: fact.Snapshot.Name,
		})
	}
	return nil
}
