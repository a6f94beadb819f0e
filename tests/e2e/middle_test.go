// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/pkg/features"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/stage"
)

// slow is a backup that takes long enough for something to happen in its middle.
type slow struct {
	*world
	// mebibytes is how much there is to upload, perSecond how much of it a second takes.
	mebibytes, perSecond int
	before               string
	run                  string
	pods                 *podWatch
}

// within is how long the backup may take, with what a slow machine adds.
func (s *slow) within() time.Duration {
	return time.Duration(s.mebibytes/s.perSecond)*time.Second + 3*time.Minute
}

func (s *slow) prepare(ctx context.Context, t *testing.T) {
	s.s3Ground(t)
	s.app(t, object.Deployment(s.Namespace, object.App, object.Claim))
	s.planted(t)
	s.grow(t, s.mebibytes)
	s.before = s.Sh(t, fingerprint)
	s.pods = s.watchPods(context.WithoutCancel(ctx), t)
	bc := object.BackupConfiguration(s.Namespace)
	bc.Spec.Sessions[0].Addon = object.Addon(object.WorkloadAddon, metav1alpha1.TaskLogicalBackup,
		map[string]string{"args": fmt.Sprintf("--limit-upload=%d", s.perSecond*1024)})
	s.Apply(t, bc)
	s.run = s.FirstRun(t)
}

// progress is how many percent the run's Snapshot says are done, and false while it says nothing.
func (s *slow) progress(ctx context.Context, t testing.TB) (string, bool) {
	t.Helper()
	var list storagev1alpha1.SnapshotList
	stage.Must(t, host.Client.List(ctx, &list, client.InNamespace(s.Namespace)))
	for _, snapshot := range list.Items {
		for _, stats := range snapshot.Status.Components["dump"].ResticStats {
			if snapshot.Spec.BackupSession == s.run && stats.Progress != nil && snapshot.Status.Phase == storagev1alpha1.SnapshotPhaseRunning {
				return fmt.Sprintf("%s of %s files, %s", fmt.Sprint(stats.Progress.FilesDone), fmt.Sprint(stats.Progress.TotalFiles),
					stats.Progress.BackupDone), stats.Progress.BackupDone != ""
			}
		}
	}
	return "", false
}

// awaitMiddle waits until the run says that some bytes are done, and makes sure that not all of them are.
func (s *slow) awaitMiddle(ctx context.Context, t *testing.T) {
	stage.Await(t, "the backup is under way", s.within(), func(ctx context.Context) (bool, string) {
		saw, isUnderWay := s.progress(ctx, t)
		return isUnderWay, saw
	})
	run := &corev1alpha1.BackupSession{}
	stage.Must(t, host.Client.Get(ctx, s.Key(s.run), run))
	if run.Status.Phase != corev1alpha1.BackupSessionPhaseRunning {
		t.Fatalf("the run is %s: this was not its middle", run.Status.Phase)
	}
}

// mover is the one pod of the run.
func (s *slow) mover(ctx context.Context, t testing.TB) *corev1.Pod {
	t.Helper()
	pods := s.pods.of(s.run)
	if len(pods) != 1 {
		t.Fatalf("the run has the pods %q", pods)
	}
	pod := &corev1.Pod{}
	stage.Must(t, host.Client.Get(ctx, s.Key(pods[0]), pod))
	return pod
}

func (s *slow) undo(_ context.Context, t *testing.T) {
	s.destroyed(t)
	s.restore(t, object.RestoreSession(s.Namespace, "undo", "latest"))
	s.same(t, s.before)
}

func TestProgressMoves(t *testing.T) {
	t.Parallel()
	s := &slow{world: newWorld(t, "progress"), mebibytes: 1024, perSecond: 25}
	suite.Test(t, features.New("a backup of 1 GiB").
		Setup(step(s.prepare)).
		Assess("shows progress that moves", step(func(_ context.Context, t *testing.T) {
			var seen []string
			stage.Await(t, "three different states of progress were seen", s.within(), func(ctx context.Context) (bool, string) {
				if saw, ok := s.progress(ctx, t); ok && !slices.Contains(seen, saw) {
					seen = append(seen, saw)
				}
				return len(seen) >= 3, fmt.Sprint(seen)
			})
			t.Logf("saw %q", seen)
		})).
		Assess("succeeds", step(func(ctx context.Context, t *testing.T) { s.succeed(ctx, t, s.run, s.within()) })).
		Feature())
}

func TestMoverPodKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	s := &slow{world: newWorld(t, "pod-killed"), mebibytes: 200, perSecond: 8}
	suite.Test(t, features.New("a backup whose pod is killed in the middle").
		Setup(step(s.prepare)).
		Setup(step(s.awaitMiddle)).
		Assess("is finished by another pod", step(func(ctx context.Context, t *testing.T) {
			stage.Must(t, host.Client.Delete(ctx, s.mover(ctx, t), client.GracePeriodSeconds(0)))
			s.succeed(ctx, t, s.run, s.within())
			if pods := s.pods.of(s.run); len(pods) != 2 {
				t.Errorf("the run has started %q, want a second pod", pods)
			}
		})).
		Assess("the next run is good", step(func(ctx context.Context, t *testing.T) {
			s.backup(t, "next")
			s.succeed(ctx, t, "next", s.within())
		})).
		Assess("what was backed up comes back", step(s.undo)).
		Feature())
}

// TestOperatorKilledInTheMiddle is alone: no other test should wait for the operator meanwhile.
func TestOperatorKilledInTheMiddle(t *testing.T) {
	s := &slow{world: newWorld(t, "operator-killed"), mebibytes: 200, perSecond: 6}
	suite.Test(t, features.New("a backup while the operator is killed").
		Setup(step(s.prepare)).
		Setup(step(s.awaitMiddle)).
		Assess("goes on and is finished by the next operator", step(func(ctx context.Context, t *testing.T) {
			var pods corev1.PodList
			stage.Must(t, host.Client.List(ctx, &pods, client.InNamespace(stage.OperatorNamespace), client.MatchingLabels{
				"app.kubernetes.io/name": "kubestash-operator",
			}))
			if len(pods.Items) == 0 {
				t.Fatal("there is no operator to kill")
			}
			for i := range pods.Items {
				stage.Must(t, client.IgnoreNotFound(host.Client.Delete(ctx, &pods.Items[i], &client.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)})))
			}
			if mover := s.mover(ctx, t); mover.Status.Phase != corev1.PodRunning {
				t.Fatalf("the mover's pod is %s: this was not the middle of the backup", mover.Status.Phase)
			}
			s.succeed(ctx, t, s.run, s.within())
			if pods := s.pods.of(s.run); len(pods) != 1 {
				t.Errorf("the run has started the pods %q", pods)
			}
		})).
		Assess("what was backed up comes back", step(s.undo)).
		Feature())
}
