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
	"kubestash.com/kubestash/tests/kit/stage"
)

func TestSlotStartsNoPod(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "slot")
	var pods *podWatch
	var first string
	suite.Test(t, features.New("a slot of the schedule").
		Setup(step(func(ctx context.Context, t *testing.T) {
			w.s3Ground(t)
			w.app(t, object.Deployment(w.Namespace, object.App, object.Claim))
			pods = w.watchPods(context.WithoutCancel(ctx), t)
			bc := object.BackupConfiguration(w.Namespace)
			bc.Spec.Sessions[0].Scheduler.Schedule = "* * * * *"
			w.Apply(t, bc)
			first = w.FirstRun(t)
			w.succeed(ctx, t, first, stage.Patience)
		})).
		Assess("becomes a BackupSession that succeeds", step(func(ctx context.Context, t *testing.T) {
			var name string
			stage.Await(t, "the CronJob has led to a BackupSession", stage.Patience, func(ctx context.Context) (bool, string) {
				var list corev1alpha1.BackupSessionList
				stage.Must(t, host.Client.List(ctx, &list, client.InNamespace(w.Namespace)))
				for _, run := range list.Items {
					// A slot that came while the first run was at work is skipped, and rightly so.
					if phase := run.Status.Phase; run.Name != first && phase != "" && phase != corev1alpha1.BackupSessionPhaseSkipped {
						name = run.Name
					}
				}
				return name != "", w.Configurations(ctx)
			})
			w.succeed(ctx, t, name, stage.Patience)
		})).
		Assess("has a Job that is complete, and the CronJob isn't active", step(func(_ context.Context, t *testing.T) {
			stage.Await(t, "the slot's Job is complete", 30*time.Second, func(ctx context.Context) (bool, string) {
				var jobs batchv1.JobList
				stage.Must(t, host.Client.List(ctx, &jobs, client.InNamespace(w.Namespace)))
				for _, job := range jobs.Items {
					if job.Spec.ManagedBy != nil && job.Status.Succeeded == 1 && job.Status.CompletionTime != nil {
						return true, ""
					}
				}
				return false, "no such Job"
			})
			stage.Await(t, "the CronJob is at rest", 30*time.Second, func(ctx context.Context) (bool, string) {
				var list batchv1.CronJobList
				stage.Must(t, host.Client.List(ctx, &list, client.InNamespace(w.Namespace)))
				return len(list.Items) == 1 && len(list.Items[0].Status.Active) == 0 && list.Items[0].Status.LastSuccessfulTime != nil,
					w.kubectl(ctx, t, "get", "cronjob", "-n", w.Namespace)
			})
		})).
		Assess("has started no pod; each run has started one", step(func(ctx context.Context, t *testing.T) {
			// The next slot may come while we look: what started pods is looked at before who may have.
			jobs := pods.jobs()
			var list corev1.PodList
			stage.Must(t, host.Client.List(ctx, &list, client.InNamespace(w.Namespace)))
			for _, pod := range list.Items {
				if strings.HasPrefix(pod.Name, "trigger-") {
					t.Errorf("there is the pod %s", pod.Name)
				}
			}
			var runs corev1alpha1.BackupSessionList
			stage.Must(t, host.Client.List(ctx, &runs, client.InNamespace(w.Namespace)))
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
