// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/pkg/features"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/stage"
)

// batch is a BackupBatch of two Deployments and the claim that one of them mounts.
type batch struct{ *world }

// second is the other Deployment, with its claim.
const second = "second"

func TestBatch(t *testing.T) {
	t.Parallel()
	b := batch{newWorld(t, "batch")}
	suite.Test(t, features.New("two Deployments and a claim in one session").
		Setup(step(b.prepare)).
		Assess("each has a Snapshot in its own Repository", step(b.backUp)).
		Assess("the claim's file comes back from its own Snapshot", step(b.bringBack)).
		Assess("a target that is gone fails the session and not the others", step(b.without)).
		Feature())
}

func (b batch) prepare(_ context.Context, t *testing.T) {
	b.s3Ground(t)
	b.Apply(t, object.VolumeClaim(b.Namespace, object.Uploads), object.VolumeClaim(b.Namespace, second),
		object.Deployment(b.Namespace, second, second))
	b.app(t, object.Deployment(b.Namespace, object.App, object.Uploads))
	b.Sh(t, "echo first > /data/file")
	both := object.BackupBatch(b.Namespace)
	ref := object.DeploymentRef(b.Namespace)
	ref.Name = second
	both.Spec.Targets = append(both.Spec.Targets, corev1alpha1.BatchTarget{Name: second, AppRef: ref})
	target := both.Spec.Sessions[0].Targets[0].DeepCopy()
	target.Name, target.Repositories[0].Name, target.Repositories[0].Directory = second, second+"-repo", "batch/"+second
	both.Spec.Sessions[0].Targets = append(both.Spec.Sessions[0].Targets, *target)
	b.Apply(t, both)
}

func (b batch) backUp(ctx context.Context, t *testing.T) {
	run := b.succeed(ctx, t, b.FirstRun(t), stage.Patience)
	if len(run.Status.Snapshots) != 3 {
		t.Fatalf("the session has Snapshots %+v", run.Status.Snapshots)
	}
	for _, s := range run.Status.Snapshots {
		snapshot, repo := &storagev1alpha1.Snapshot{}, &storagev1alpha1.Repository{}
		stage.Must(t, host.Client.Get(ctx, b.Key(s.Name), snapshot))
		stage.Must(t, host.Client.Get(ctx, b.Key(s.Repository), repo))
		if snapshot.Status.Phase != storagev1alpha1.SnapshotPhaseSucceeded || snapshot.Spec.AppRef != repo.Spec.AppRef || s.Target+"-repo" != s.Repository {
			t.Errorf("Snapshot %s of %+v is %s", s.Name, snapshot.Spec.AppRef, snapshot.Status.Phase)
		}
	}
}

func (b batch) bringBack(_ context.Context, t *testing.T) {
	b.Sh(t, "rm /data/file")
	s := object.RestoreSession(b.Namespace, "undo", "latest")
	s.Spec.Target = object.ClaimRef(b.Namespace)
	s.Spec.Target.Name = object.Uploads
	s.Spec.DataSource.Repository = object.BatchUpload + "-repo"
	s.Spec.Addon = object.Addon(object.ClaimAddon, metav1alpha1.TaskLogicalBackupRestore, nil)
	b.restore(t, s)
	if got := strings.TrimSpace(b.Sh(t, "cat /data/file")); got != "first" {
		t.Errorf("the file has %q", got)
	}
}

func (b batch) without(ctx context.Context, t *testing.T) {
	stage.Must(t, client.IgnoreNotFound(host.Client.Delete(ctx, object.Deployment(b.Namespace, second, second))))
	again := object.BackupSession(b.Namespace, "again", object.Batch)
	again.Spec.Invoker.Kind = corev1alpha1.KindBackupBatch
	b.Apply(t, again)
	run := b.Ended(t, "again", stage.Patience)
	if said := b.failure(ctx, run); run.Status.Phase != corev1alpha1.BackupSessionPhaseFailed || !strings.Contains(said, "Target "+second+":") {
		t.Errorf("the session is %s: %s", run.Status.Phase, said)
	}
	if len(run.Status.Snapshots) != 2 {
		t.Errorf("the session has Snapshots %+v", run.Status.Snapshots)
	}
	for _, s := range run.Status.Snapshots {
		if s.Phase != storagev1alpha1.SnapshotPhaseSucceeded {
			t.Errorf("Snapshot %s is %s", s.Name, s.Phase)
		}
	}
}
