// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/task"
)

// act carries out the intents in their order. Each can be repeated.
func (r *Reconciler) act(ctx context.Context, s *corev1alpha1.BackupSession, g *gathered, intents []session.Intent) error {
	for _, intent := range intents {
		var err error
		switch i := intent.(type) {
		case session.CreateSnapshot:
			err = of(g.targetOf(i.Repository), r.createSnapshot(ctx, g, i))
		case session.CreateJobs:
			err = of(i.Target, r.createJobs(ctx, s, g, i))
		case session.Finish:
			err = r.createFinisher(ctx, s, g, i)
		case session.RecordSnapshot:
			err = r.recordSnapshot(ctx, g, i)
		case session.Retry:
			err = r.retry(ctx, g, i)
		case session.RunHook:
			err = r.Hooks.Start(ctx, s, i.Start)
		case session.StopJobs:
			for _, name := range i.Names {
				err = errors.Join(err, r.stop(ctx, s.Namespace, name))
			}
		case session.DropSnapshots:
			err = r.dropSnapshots(ctx, s.Namespace, i.Names)
		case session.DropSessions:
			for _, name := range i.Names {
				old := &corev1alpha1.BackupSession{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: name}}
				err = errors.Join(err, kube.Delete(ctx, r.Client, old))
			}
		case session.DropSecret:
			err = kube.DropOwned[corev1.Secret](ctx, r.Client, r.Live, s, naming.TargetRun(s.Name, i.Target))
			if u := g.unit(i.Target); u != nil && len(u.Components) > 1 {
				err = errors.Join(err, kube.DropOwned[corev1.Secret](ctx, r.Client, r.Live, s, naming.TargetRetentionPolicyJob(s.Name, i.Target)))
			}
		default:
			err = fmt.Errorf("carrying out an intent of type %T: unknown", intent)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// retry makes the run that tries again, or finds the one that was made before a restart.
func (r *Reconciler) retry(ctx context.Context, g *gathered, i session.Retry) error {
	again := desired.BackupSession(g.facts.Invoker, g.facts.Config, i.At)
	again.Spec.RetryLeft = i.Left
	same := func(existing *corev1alpha1.BackupSession) bool { return existing.Spec.RetryLeft == i.Left }
	_, err := kube.Create(ctx, r.Client, r.Live, again, same)
	var foreign *kube.ForeignError
	if errors.As(err, &foreign) {
		other := desired.DisambiguateBackupSession(again)
		_, err = kube.Create(ctx, r.Client, r.Live, other, same)
	}
	return err
}

// run describes what is done for one target, for package desired.
func (r *Reconciler) run(s *corev1alpha1.BackupSession, g *gathered, target string) desired.Run {
	info := g.part(target).Addon
	run := desired.Run{
		Namespace: s.Namespace, Name: naming.TargetRun(s.Name, target), Labels: childLabels(s), Owner: ownedBy(s), Mover: r.Mover,
		Scheduler:   schedulerTemplate(g.facts.Config),
		JobTemplate: info.JobTemplate, Container: info.ContainerRuntimeSettings,
	}
	for _, repo := range g.plans[target].repos {
		repo.Snapshot = session.SnapshotName(s.Name, repo.Repository.Name)
		run.Repositories = append(run.Repositories, repo)
	}
	if t := session.Timeout(s.Spec, g.facts.Config); t != nil {
		run.Within(t.Duration, r.Clock.Now())
	}
	return run
}

func schedulerTemplate(config *corev1alpha1.SessionConfig) *corev1alpha1.JobTemplate {
	if config.Scheduler == nil {
		return nil
	}
	return &config.Scheduler.JobTemplate
}

func (r *Reconciler) createJobs(ctx context.Context, s *corev1alpha1.BackupSession, g *gathered, i session.CreateJobs) error {
	run := r.run(s, g, i.Target)
	var components []desired.Component
	for _, c := range g.plans[i.Target].components {
		component, err := r.component(ctx, run, s, g, c, i)
		if err != nil {
			return err
		}
		components = append(components, component)
	}
	secret, jobs, err := run.Build(components)
	if err != nil {
		return err
	}
	return kube.CreateRun(ctx, r.Client, r.Live, s, secret, jobs...)
}

func (r *Reconciler) component(ctx context.Context, run desired.Run, s *corev1alpha1.BackupSession, g *gathered,
	c desired.PartPlan, i session.CreateJobs) (desired.Component, error) {
	p, u := g.plans[i.Target], g.unit(i.Target)
	jobName := naming.TargetJob(s.Name, i.Target, c.Part.Component, len(p.components))
	paths := c.Addon.Paths
	if len(paths) == 0 {
		paths = c.Data.Paths
	}
	out := desired.Component{
		Name: c.Part.Component, JobName: jobName, Plan: c.Addon, Target: c.Data, Security: p.security(),
		Task: task.Task{
			Version: task.Version, Kind: task.KindBackup, Name: s.Name, Namespace: s.Namespace, Component: c.Part.Component, Job: jobName,
			EnableCache: c.Addon.EnableCache, Deadline: run.Deadline,
			Backup: &task.Backup{
				Paths: paths, Exclude: c.Addon.Exclude, Args: c.Addon.ResticArgs, OnReadError: c.Addon.OnReadError,
				PreviousFiles: previousFiles(u, c.Part.Component),
			},
		},
	}
	out.Task.Nice, out.Task.IONice = desired.Priorities(c.Addon.Function.RuntimeSettings, run.Container)
	for _, repo := range run.Repositories {
		entry, err := r.repositoryTask(ctx, s, g, repo, c.Part.Component, i)
		if err != nil {
			return out, err
		}
		out.Task.Repositories = append(out.Task.Repositories, entry)
	}
	ended, err := r.endedJobs(ctx, s, g, u, c.Part.Component)
	if err != nil {
		return out, err
	}
	out.Task.EndedJobs, out.Task.RetryLock = ended, p.retryLock
	out.NodeName, err = r.nodeOf(ctx, g, p, c)
	return out, err
}

// nodeOf is the node on which a component's pod has to run; empty when it is the scheduler's choice.
func (r *Reconciler) nodeOf(ctx context.Context, g *gathered, p *plan, c desired.PartPlan) (string, error) {
	if c.Part.Node != "" {
		return c.Part.Node, nil
	}
	var selector map[string]string
	if p.target.Pod != nil {
		selector = p.target.Selector
	}
	return kube.NodeOfClaim(ctx, r.Live, g.facts.Session.Namespace, selector, c.Data.Claims)
}

func (r *Reconciler) repositoryTask(ctx context.Context, s *corev1alpha1.BackupSession, g *gathered, repo desired.RunRepository,
	component string, i session.CreateJobs) (task.Repository, error) {
	name := repo.Repository.Name
	t := task.Repository{
		Name: name, Snapshot: repo.Snapshot,
		Storage:   task.Storage{Backend: *repo.Storage.Spec.Storage.DeepCopy()},
		Directory: repository.ComponentDir(repo.Repository.Spec.Path, s.Spec.Session, component),
		Forget:    i.Forget[name][component],
		Check:     i.Check[name],
	}
	g.mark(&t, component)
	if !documentsByPod(g, name) {
		return t, nil
	}
	document, err := repository.Document(repo.Repository)
	if err != nil {
		return t, err
	}
	t.Before = []task.File{{Path: repository.RepositoryKey(repo.Repository.Spec.Path), Content: string(document)}}
	current, found, err := r.snapshot(ctx, s.Namespace, repo.Snapshot)
	if err != nil || !found {
		return t, errors.Join(err, fmt.Errorf("reading Snapshot %s: found: %t", repo.Snapshot, found))
	}
	record, err := repository.SnapshotDocument(current)
	if err != nil {
		return t, err
	}
	raw, err := yaml.YAMLToJSON(record)
	if err != nil {
		return t, fmt.Errorf("encoding Snapshot %s: %w", repo.Snapshot, err)
	}
	for _, dropped := range i.Drop[name] {
		t.Remove = append(t.Remove, repository.SnapshotKey(repo.Repository.Spec.Path, dropped))
	}
	t.Record = &task.Record{Path: repository.SnapshotKey(repo.Repository.Spec.Path, repo.Snapshot), Snapshot: raw}
	return t, nil
}

func documentsByPod(g *gathered, name string) bool {
	for _, u := range g.facts.Units {
		for _, f := range u.Repositories {
			if f.Name == name {
				return f.DocumentsByPod
			}
		}
	}
	return false
}

// tell turns the verdict's events into Kubernetes'.
func (r *Reconciler) tell(s *corev1alpha1.BackupSession, events []session.Event) {
	for _, e := range events {
		if e.Warning {
			r.Recorder.Warning(s, e.Reason, e.Message)
			continue
		}
		r.Recorder.Normal(s, e.Reason, e.Message)
	}
}

func childLabels(s *corev1alpha1.BackupSession) map[string]string {
	return map[string]string{
		metav1alpha1.LabelManagedBy:        metav1alpha1.ManagedByKubeStash,
		metav1alpha1.LabelComponent:        metav1alpha1.JobComponentBackup,
		metav1alpha1.LabelInvokerName:      naming.LabelValue(s.Name),
		metav1alpha1.LabelInvokerNamespace: s.Namespace,
		metav1alpha1.LabelSessionName:      naming.LabelValue(s.Spec.Session),
	}
}

func ownedBy(s *corev1alpha1.BackupSession) metav1.OwnerReference {
	return *metav1.NewControllerRef(s, corev1alpha1.GroupVersion.WithKind(corev1alpha1.KindBackupSession))
}

// previousFiles tells how many files the last good Snapshot of a component had, by path.
func previousFiles(u *session.Unit, component string) map[string]int64 {
	out := map[string]int64{}
	for _, fact := range u.Repositories {
		var last *storagev1alpha1.Snapshot
		for i := range fact.Past {
			s := &fact.Past[i]
			if s.Status.Phase == storagev1alpha1.SnapshotPhaseSucceeded &&
				(last == nil || s.CreationTimestamp.After(last.CreationTimestamp.Time)) {
				last = s
			}
		}
		if last == nil {
			continue
		}
		for _, stats := range last.Status.Components[component].ResticStats {
			if stats.Summary != nil && stats.Progress != nil {
				out[stats.Summary.HostPath] = max(out[stats.Summary.HostPath], stats.Progress.TotalFiles)
			}
		}
	}
	return out
}
