// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/pkg/features"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
)

func TestSlotStartsNoPod(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "slot")
	var pods *podWatch
	var first string
	suite.Test(t, features.New("a slot of the schedule").
		Setup(step(func(ctx context.Context, t *testing.T) {
			w.s3Ground(ctx, t)
			w.app(ctx, t, object.Deployment(w.namespace, object.App, object.Claim))
			pods = w.watchPods(context.WithoutCancel(ctx), t)
			bc := object.BackupConfiguration(w.namespace)
			bc.Spec.Sessions[0].Scheduler.Schedule = "* * * * *"
			w.apply(ctx, t, bc)
			first = w.firstSession(ctx, t)
			w.succeed(ctx, t, first, patience)
		})).
		Assess("becomes a BackupSession that succeeds", step(func(ctx context.Context, t *testing.T) {
			var name string
			await(ctx, t, "the CronJob has led to a BackupSession", patience, func(ctx context.Context) (bool, string) {
				var list corev1alpha1.BackupSessionList
				must(t, host.client.List(ctx, &list, client.InNamespace(w.namespace)))
				for _, run := range list.Items {
					// A slot that came while the first run was at work is skipped, and rightly so.
					if phase := run.Status.Phase; run.Name != first && phase != "" && phase != corev1alpha1.BackupSessionPhaseSkipped {
						name = run.Name
					}
				}
				return name != "", w.configurations(ctx)
			})
			w.succeed(ctx, t, name, patience)
		})).
		Assess("has a Job that is complete, and the CronJob isn't active", step(func(ctx context.Context, t *testing.T) {
			await(ctx, t, "the slot's Job is complete", 30*time.Second, func(ctx context.Context) (bool, string) {
				var jobs batchv1.JobList
				must(t, host.client.List(ctx, &jobs, client.InNamespace(w.namespace)))
				for _, job := range jobs.Items {
					if job.Spec.ManagedBy != nil && job.Status.Succeeded == 1 && job.Status.CompletionTime != nil {
						return true, ""
					}
				}
				return false, "no such Job"
			})
			await(ctx, t, "the CronJob is at rest", 30*time.Second, func(ctx context.Context) (bool, string) {
				var list batchv1.CronJobList
				must(t, host.client.List(ctx, &list, client.InNamespace(w.namespace)))
				return len(list.Items) == 1 && len(list.Items[0].Status.Active) == 0 && list.Items[0].Status.LastSuccessfulTime != nil,
					w.kubectl(ctx, t, "get", "cronjob", "-n", w.namespace)
			})
		})).
		Assess("has started no pod; each run has started one", step(func(ctx context.Context, t *testing.T) {
			// The next slot may come while we look: what started pods is looked at before who may have.
			jobs := pods.jobs()
			var list corev1.PodList
			must(t, host.client.List(ctx, &list, client.InNamespace(w.namespace)))
			for _, pod := range list.Items {
				if strings.HasPrefix(pod.Name, "trigger-") {
					t.Errorf("there is the pod %s", pod.Name)
				}
			}
			var runs corev1alpha1.BackupSessionList
			must(t, host.client.List(ctx, &runs, client.InNamespace(w.namespace)))
			started := map[string]bool{}
			for _, run := range runs.Items {
				started[run.Name] = true
			}
			for _, job := range jobs {
				if got := pods.of(job); len(got) != 1 || !started[job] {
					t.Errorf("Job %s, which is a run's: %t, has started the pods %q", job, started[job], got)
				}
			}
			if len(jobs) < 2 {
				t.Errorf("only %q have started pods", jobs)
			}
		})).
		Feature())
}
