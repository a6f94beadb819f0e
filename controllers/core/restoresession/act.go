// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restoresession

import (
	"context"
	"errors"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/restore"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store"
	"kubestash.com/kubestash/internal/task"
)

// act carries out the intents in their order. Each can be repeated.
func (r *Reconciler) act(ctx context.Context, s *corev1alpha1.RestoreSession, g *gathered, intents []restore.Intent) error {
	for _, intent := range intents {
		var err error
		switch i := intent.(type) {
		case restore.CreateJobs:
			err = r.createJobs(ctx, s, g)
		case restore.RunHook:
			err = r.Hooks.Start(ctx, s, i.Start)
		case restore.StopJobs:
			for _, name := range i.Names {
				job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: name}}
				err = errors.Join(err, kube.Delete(ctx, r.Client, job))
			}
		case restore.DropSecret:
			err = kube.DropOwned[corev1.Secret](ctx, r.Client, r.Live, s, s.Name)
		default:
			err = fmt.Errorf("carrying out an intent of type %T: unknown", intent)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Reconciler) createJobs(ctx context.Context, s *corev1alpha1.RestoreSession, g *gathered) error {
	run := desired.Run{
		Namespace: s.Namespace, Name: s.Name, Labels: childLabels(s), Mover: r.Mover,
		Owner:        *metav1.NewControllerRef(s, corev1alpha1.GroupVersion.WithKind(corev1alpha1.KindRestoreSession)),
		Repositories: []desired.RunRepository{g.repository},
		JobTemplate:  s.Spec.Addon.JobTemplate, Container: s.Spec.Addon.ContainerRuntimeSettings,
	}
	if t := s.Spec.RestoreTimeout; t != nil {
		run.Within(t.Duration, r.Clock.Now())
	}
	var components []desired.Component
	for _, c := range g.components {
		component, err := r.component(ctx, run, s, g, c)
		if err != nil {
			return err
		}
		components = append(components, component)
	}
	secret, jobs, err := run.Build(components)
	if err != nil {
		return err
	}
	if err := r.createClaims(ctx, s, g); err != nil {
		return err
	}
	return kube.CreateRun(ctx, r.Client, r.Live, s, secret, jobs...)
}

func (r *Reconciler) component(ctx context.Context, run desired.Run, s *corev1alpha1.RestoreSession, g *gathered,
	c componentPlan) (desired.Component, error) {
	jobName := naming.RestoreJob(s.Name, c.Part.Component, len(g.components))
	repo := g.repository
	out := desired.Component{
		Name: c.Part.Component, JobName: jobName, Plan: c.Addon, Target: c.Data, Security: g.security(),
		Task: task.Task{
			Version: task.Version, Kind: task.KindRestore, Name: s.Name, Namespace: s.Namespace, Component: c.Part.Component, Job: jobName,
			EnableCache: c.Addon.EnableCache, Deadline: run.Deadline,
			Repositories: []task.Repository{{
				Name: repo.Repository.Name, Snapshot: repo.Snapshot,
				Storage:   task.Storage{Backend: *repo.Storage.Spec.Storage.DeepCopy()},
				Directory: c.directory,
			}},
			Restore: &task.Restore{
				Snapshots: c.snapshots, EmptyPaths: c.emptyPaths, Include: c.Addon.Include, Exclude: c.Addon.Exclude, Args: c.Addon.ResticArgs,
			},
		},
	}
	out.Task.Nice, out.Task.IONice = desired.Priorities(c.Addon.Function.RuntimeSettings, run.Container)
	wait, err := store.Maintained(ctx, r.Client, repo.Repository, r.Clock.Now())
	if err != nil {
		return out, err
	}
	out.Task.RetryLock = wait
	if out.Task.EndedJobs, err = r.endedJobs(ctx, g, c.Part.Component); err != nil {
		return out, err
	}
	var selector map[string]string
	if g.target.Pod != nil {
		selector = g.target.Selector
	}
	if out.NodeName = c.Part.Node; out.NodeName != "" {
		return out, nil
	}
	node, err := kube.NodeOfClaim(ctx, r.Live, s.Namespace, selector, c.Data.Claims)
	out.NodeName = node
	return out, err
}

// tell turns the verdict's events into Kubernetes'.
func (r *Reconciler) tell(s *corev1alpha1.RestoreSession, events []restore.Event) {
	for _, e := range events {
		if e.Warning {
			r.Recorder.Warning(s, e.Reason, e.Message)
			continue
		}
		r.Recorder.Normal(s, e.Reason, e.Message)
	}
}

func childLabels(s *corev1alpha1.RestoreSession) map[string]string {
	return map[string]string{
		metav1alpha1.LabelManagedBy:        metav1alpha1.ManagedByKubeStash,
		metav1alpha1.LabelComponent:        metav1alpha1.JobComponentRestore,
		metav1alpha1.LabelInvokerName:      naming.LabelValue(s.Name),
		metav1alpha1.LabelInvokerNamespace: s.Namespace,
	}
}
