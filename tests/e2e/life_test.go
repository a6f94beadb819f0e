// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/pkg/features"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/stage"
)

// TestSessionLife is a configuration from its first run on: a failure, its retry, the history, a pause and an edit.
func TestSessionLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "life")
	var first string
	suite.Test(t, features.New("the life of a session").
		Setup(step(func(ctx context.Context, t *testing.T) {
			w.s3Ground(t)
			w.app(t, object.Deployment(w.Namespace, object.App, object.Claim))
			w.Sh(t, "mkdir /data/kept /data/cache; echo one > /data/kept/file; echo two > /data/cache/file")
			bc := object.BackupConfiguration(w.Namespace)
			bc.Spec.Sessions[0].RetryConfig = &corev1alpha1.RetryConfig{MaxRetry: 1, Delay: metav1.Duration{Duration: 5 * time.Second}}
			bc.Spec.Sessions[0].SessionHistoryLimit = ptr.To[int32](1)
			w.Apply(t, bc)
			first = w.FirstRun(t)
			w.succeed(ctx, t, first, stage.Patience)
		})).
		Assess("tries a run that failed again, after its delay", step(func(ctx context.Context, t *testing.T) {
			w.setPassword(ctx, t, password+"-wrong")
			fails := object.BackupSession(w.Namespace, "fails", object.Configuration)
			fails.Spec.RetryLeft = 1
			w.Apply(t, fails)
			run := w.Ended(t, "fails", stage.Patience)
			if run.Status.Phase != corev1alpha1.BackupSessionPhaseFailed || run.Status.NextRetry == nil {
				t.Fatalf("the run with a wrong password is %+v", run.Status)
			}
			w.setPassword(ctx, t, password)
			var retry *corev1alpha1.BackupSession
			stage.Await(t, "there is a retry", stage.Patience, func(ctx context.Context) (bool, string) {
				for _, s := range w.runs(ctx, t) {
					if s.Name != first && s.Name != "fails" {
						retry = &s
					}
				}
				return retry != nil, fmt.Sprint(run.Status.NextRetry)
			})
			if retry.Spec.RetryLeft != 0 || retry.CreationTimestamp.Before(run.Status.NextRetry) {
				t.Errorf("the retry, of %s, has %d tries left; it was due at %s", retry.CreationTimestamp, retry.Spec.RetryLeft, run.Status.NextRetry)
			}
			w.succeed(ctx, t, retry.Name, stage.Patience)
		})).
		Assess("keeps as many finished runs as it should, and their Jobs", step(func(_ context.Context, t *testing.T) {
			stage.Await(t, "one run is left", stage.Patience, func(ctx context.Context) (bool, string) {
				var jobs batchv1.JobList
				stage.Must(t, host.Client.List(ctx, &jobs, client.InNamespace(w.Namespace)))
				runs := w.runs(ctx, t)
				return len(runs) == 1 && len(jobs.Items) == 1, fmt.Sprintf("%d runs, %d Jobs", len(runs), len(jobs.Items))
			})
		})).
		Assess("starts nothing while it is paused", step(func(ctx context.Context, t *testing.T) {
			w.edit(ctx, t, func(bc *corev1alpha1.BackupConfiguration) { bc.Spec.Paused = true })
			stage.Await(t, "the CronJob is suspended", stage.Patience, func(ctx context.Context) (bool, string) {
				var list batchv1.CronJobList
				stage.Must(t, host.Client.List(ctx, &list, client.InNamespace(w.Namespace)))
				return len(list.Items) == 1 && ptr.Deref(list.Items[0].Spec.Suspend, false), fmt.Sprintf("%d CronJobs", len(list.Items))
			})
		})).
		Assess("does from the next run on what an edit says", step(func(ctx context.Context, t *testing.T) {
			w.edit(ctx, t, func(bc *corev1alpha1.BackupConfiguration) {
				bc.Spec.Paused = false
				bc.Spec.Sessions[0].Addon = object.Addon(object.WorkloadAddon, metav1alpha1.TaskLogicalBackup, map[string]string{"paths": "/data/kept"})
			})
			w.backup(t, "edited")
			run := w.succeed(ctx, t, "edited", stage.Patience)
			snapshot := &storagev1alpha1.Snapshot{}
			stage.Must(t, host.Client.Get(ctx, w.Key(run.Status.Snapshots[0].Name), snapshot))
			stats := snapshot.Status.Components["dump"].ResticStats
			if len(stats) != 1 || stats[0].Summary.HostPath != "/data/kept" {
				t.Errorf("the Snapshot holds %+v", stats)
			}
		})).
		Feature())
}

// TestQueue lets two backups of one storage come at the same time, where one may run.
func TestQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "queue")
	suite.Test(t, features.New("a storage that one backup may write to at a time").
		Setup(step(func(_ context.Context, t *testing.T) {
			w.Apply(t, object.S3Keys(w.Namespace, stage.Keys.AccessKey, stage.Keys.SecretKey), object.Password(w.Namespace, password),
				object.KeepLast(w.Namespace, 5))
			storage := object.S3(w.Namespace, host.Server.Endpoint(), host.Bucket)
			storage.Spec.MaxConcurrentBackups = ptr.To[int32](1)
			w.Apply(t, storage)
			w.app(t, object.Deployment(w.Namespace, object.App, object.Claim))
			w.grow(t, 16)
		})).
		Assess("lets the other one wait, says for what, and lets it run next", step(func(ctx context.Context, t *testing.T) {
			for _, name := range []string{"one", "other"} {
				bc := object.BackupConfiguration(w.Namespace)
				bc.Name = name
				bc.Spec.Sessions[0].Repositories[0].Name, bc.Spec.Sessions[0].Repositories[0].Directory = name, "demo/"+name
				bc.Spec.Sessions[0].Addon = object.Addon(object.WorkloadAddon, metav1alpha1.TaskLogicalBackup,
					map[string]string{"args": "--limit-upload=2048"})
				w.Apply(t, bc)
			}
			var waits corev1alpha1.BackupSession
			stage.Await(t, "one of two waits", stage.Patience, func(ctx context.Context) (bool, string) {
				runs := w.runs(ctx, t)
				for _, s := range runs {
					if metav1alpha1.IsConditionTrue(s.Status.Conditions, corev1alpha1.ConditionQueued) {
						waits = s
					}
				}
				return waits.Name != "", fmt.Sprintf("%d runs", len(runs))
			})
			queued := metav1alpha1.FindCondition(waits.Status.Conditions, corev1alpha1.ConditionQueued)
			if waits.Status.Phase != corev1alpha1.BackupSessionPhasePending || !strings.HasPrefix(queued.Message, "Position 1 of 1: ") ||
				!strings.Contains(queued.Message, object.Storage) {
				t.Errorf("who waits is %s: %s", waits.Status.Phase, queued.Message)
			}
			var last metav1.Time
			runs := w.runs(ctx, t)
			if runs[0].Name == waits.Name {
				slices.Reverse(runs)
			}
			for _, s := range runs {
				w.succeed(ctx, t, s.Name, stage.Patience)
				job := &batchv1.Job{}
				stage.Must(t, host.Client.Get(ctx, w.Key(s.Name), job))
				if job.CreationTimestamp.Before(&last) {
					t.Errorf("Job %s was made at %s, and the pod of the one before ended at %s", s.Name, job.CreationTimestamp, last)
				}
				last = w.podEnd(ctx, t, s.Name)
			}
		})).
		Feature())
}

// TestBlueprintLife annotates a target, changes the annotations and the blueprint, and takes the annotation away.
func TestBlueprintLife(t *testing.T) {
	t.Parallel()
	const name = "deployment-" + object.App
	w := newWorld(t, "blueprint")
	schedule := func(t *testing.T, want string) {
		t.Helper()
		stage.Await(t, "the CronJob has the schedule "+want, stage.Patience, func(ctx context.Context) (bool, string) {
			var list batchv1.CronJobList
			stage.Must(t, host.Client.List(ctx, &list, client.InNamespace(w.Namespace)))
			return len(list.Items) == 1 && list.Items[0].Spec.Schedule == want, w.Configurations(ctx)
		})
	}
	suite.Test(t, features.New("the life of a blueprint").
		Setup(step(func(_ context.Context, t *testing.T) {
			w.s3Ground(t)
			w.app(t, object.Deployment(w.Namespace, object.App, object.Claim))
			blueprint := object.BackupBlueprint(w.Namespace)
			blueprint.Spec.BackupConfigurationTemplate.Sessions[0].Scheduler.Schedule = "${when}"
			w.Apply(t, blueprint)
		})).
		Assess("begins when its variables have values", step(func(ctx context.Context, t *testing.T) {
			w.annotate(ctx, t, map[string]string{metav1alpha1.AnnotationBlueprintName: object.Blueprint})
			stage.Await(t, "an event names the annotation that is missing", stage.Patience, func(ctx context.Context) (bool, string) {
				saw := w.kubectl(ctx, t, "events", "-n", w.Namespace, "--for", "deployment/"+object.App)
				return strings.Contains(saw, metav1alpha1.AnnotationVariablePrefix+"when"), saw
			})
			w.annotate(ctx, t, map[string]string{
				metav1alpha1.AnnotationBlueprintName: object.Blueprint, metav1alpha1.AnnotationVariablePrefix + "when": "0 0 29 2 *",
			})
			schedule(t, "0 0 29 2 *")
			w.succeed(ctx, t, w.FirstRun(t), stage.Patience)
		})).
		Assess("follows a changed annotation, and a changed blueprint", step(func(ctx context.Context, t *testing.T) {
			w.annotate(ctx, t, map[string]string{
				metav1alpha1.AnnotationBlueprintName: object.Blueprint, metav1alpha1.AnnotationVariablePrefix + "when": "1 0 29 2 *",
			})
			schedule(t, "1 0 29 2 *")
			blueprint := &corev1alpha1.BackupBlueprint{}
			stage.Must(t, host.Client.Get(ctx, w.Key(object.Blueprint), blueprint))
			base := client.MergeFrom(blueprint.DeepCopy())
			blueprint.Spec.BackupConfigurationTemplate.Sessions[0].Scheduler.Schedule = "2 0 29 2 *"
			stage.Must(t, host.Client.Patch(ctx, blueprint, base))
			schedule(t, "2 0 29 2 *")
		})).
		Assess("ends with the annotation, and the backups stay", step(func(ctx context.Context, t *testing.T) {
			w.annotate(ctx, t, nil)
			stage.Await(t, "the BackupConfiguration and its CronJob are gone", stage.Patience, func(ctx context.Context) (bool, string) {
				bc := &corev1alpha1.BackupConfiguration{}
				err := host.Client.Get(ctx, w.Key(name), bc)
				var list batchv1.CronJobList
				stage.Must(t, host.Client.List(ctx, &list, client.InNamespace(w.Namespace)))
				return err != nil && client.IgnoreNotFound(err) == nil && len(list.Items) == 0, fmt.Sprintf("%v, %d CronJobs", err, len(list.Items))
			})
			stage.Must(t, host.Client.Get(ctx, w.Key(name), &storagev1alpha1.Repository{}))
			var snapshots storagev1alpha1.SnapshotList
			stage.Must(t, host.Client.List(ctx, &snapshots, client.InNamespace(w.Namespace)))
			if len(snapshots.Items) != 1 {
				t.Errorf("there are %d Snapshots", len(snapshots.Items))
			}
		})).
		Feature())
}

// TestSeveralRepositories backs up into a bucket, which nobody has to name, and onto a volume, in one run.
func TestSeveralRepositories(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "several")
	var before string
	suite.Test(t, features.New("two repositories in two backends in one session").
		Setup(step(func(ctx context.Context, t *testing.T) {
			deployment := object.Deployment(w.Namespace, object.App, object.Claim)
			deployment.Spec.Template.Spec.NodeSelector = w.localGround(ctx, t)
			bucketStorage := object.S3(w.Namespace, host.Server.Endpoint(), host.Bucket)
			bucketStorage.Name, bucketStorage.Spec.Default = "bucket", true
			bucketStorage.Spec.UsagePolicy = nil // as if nobody had written one: this namespace alone
			few := object.KeepLast(w.Namespace, 1)
			few.Name, few.Spec.Default, few.Spec.UsagePolicy = "few", true, nil
			w.Apply(t, object.S3Keys(w.Namespace, stage.Keys.AccessKey, stage.Keys.SecretKey), bucketStorage, few)
			w.app(t, deployment)
			before = w.planted(t)
			bc := object.BackupConfiguration(w.Namespace)
			bc.Spec.Backends = append(bc.Spec.Backends, corev1alpha1.BackendReference{Name: "whatever-is-default"})
			copied := bc.Spec.Sessions[0].Repositories[0]
			copied.Name, copied.Backend, copied.Directory = "copy", "whatever-is-default", "copies/app"
			bc.Spec.Sessions[0].Repositories = append(bc.Spec.Sessions[0].Repositories, copied)
			w.Apply(t, bc)
		})).
		Assess("are filled by one pod, each by its own policy", step(func(ctx context.Context, t *testing.T) {
			w.succeed(ctx, t, w.FirstRun(t), stage.Patience)
			w.backup(t, "second")
			run := w.succeed(ctx, t, "second", stage.Patience)
			if len(run.Status.Snapshots) != 2 {
				t.Fatalf("the run has the Snapshots %+v", run.Status.Snapshots)
			}
			kept := map[string]int{}
			stage.Await(t, "retention has dropped one Snapshot in the bucket", stage.Patience, func(ctx context.Context) (bool, string) {
				clear(kept)
				var list storagev1alpha1.SnapshotList
				stage.Must(t, host.Client.List(ctx, &list, client.InNamespace(w.Namespace)))
				for _, s := range list.Items {
					kept[s.Spec.Repository]++
				}
				return kept["copy"] == 1 && kept[object.Repository] == 2, fmt.Sprint(kept)
			})
			storage := &storagev1alpha1.Repository{}
			stage.Must(t, host.Client.Get(ctx, w.Key("copy"), storage))
			if storage.Spec.StorageRef.Name != "bucket" {
				t.Errorf("the backend that names no storage has led to %+v", storage.Spec.StorageRef)
			}
		})).
		Assess("bring everything back, each alone", step(func(_ context.Context, t *testing.T) {
			for _, repository := range []string{object.Repository, "copy"} {
				w.destroyed(t)
				undo := object.RestoreSession(w.Namespace, "undo-from-"+repository, "latest")
				undo.Spec.DataSource.Repository = repository
				w.restore(t, undo)
				w.same(t, before)
			}
		})).
		Feature())
}

// podEnd is when the pod of a Job has ended.
func (w *world) podEnd(ctx context.Context, t testing.TB, job string) metav1.Time {
	t.Helper()
	var pods corev1.PodList
	stage.Must(t, host.Client.List(ctx, &pods, client.InNamespace(w.Namespace), client.MatchingLabels{batchv1.JobNameLabel: job}))
	if len(pods.Items) != 1 || len(pods.Items[0].Status.ContainerStatuses) != 1 || pods.Items[0].Status.ContainerStatuses[0].State.Terminated == nil {
		t.Fatalf("the pods of Job %s: %+v", job, pods.Items)
	}
	return pods.Items[0].Status.ContainerStatuses[0].State.Terminated.FinishedAt
}

func (w *world) runs(ctx context.Context, t testing.TB) []corev1alpha1.BackupSession {
	t.Helper()
	var list corev1alpha1.BackupSessionList
	stage.Must(t, host.Client.List(ctx, &list, client.InNamespace(w.Namespace)))
	return list.Items
}

// edit changes the BackupConfiguration.
func (w *world) edit(ctx context.Context, t testing.TB, change func(*corev1alpha1.BackupConfiguration)) {
	t.Helper()
	bc := &corev1alpha1.BackupConfiguration{}
	stage.Must(t, host.Client.Get(ctx, w.Key(object.Configuration), bc))
	base := client.MergeFrom(bc.DeepCopy())
	change(bc)
	stage.Must(t, host.Client.Patch(ctx, bc, base))
}

// annotate gives the Deployment these annotations of ours and no others.
func (w *world) annotate(ctx context.Context, t testing.TB, annotations map[string]string) {
	t.Helper()
	d := object.Deployment(w.Namespace, object.App, object.Claim)
	stage.Must(t, host.Client.Get(ctx, w.Key(object.App), d))
	base := client.MergeFrom(d.DeepCopy())
	for key := range d.Annotations {
		if strings.Contains(key, "kubestash.com/") {
			delete(d.Annotations, key)
		}
	}
	for key, value := range annotations {
		metav1.SetMetaDataAnnotation(&d.ObjectMeta, key, value)
	}
	stage.Must(t, host.Client.Patch(ctx, d, base))
}
