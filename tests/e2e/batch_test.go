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

func (b batch) prepare(ctx context.Context, t *testing.T) {
	b.s3Ground(ctx, t)
	b.apply(ctx, t, object.VolumeClaim(b.namespace, object.Uploads), object.VolumeClaim(b.namespace, second),
		object.Deployment(b.namespace, second, second))
	b.app(ctx, t, object.Deployment(b.namespace, object.App, object.Uploads))
	b.sh(ctx, t, "echo first > /data/file")
	both := object.BackupBatch(b.namespace)
	ref := object.DeploymentRef(b.namespace)
	ref.Name = second
	both.Spec.Targets = append(both.Spec.Targets, corev1alpha1.BatchTarget{Name: second, AppRef: ref})
	target := both.Spec.Sessions[0].Targets[0].DeepCopy()
	target.Name, target.Repositories[0].Name, target.Repositories[0].Directory = second, second+"-repo", "batch/"+second
	both.Spec.Sessions[0].Targets = append(both.Spec.Sessions[0].Targets, *target)
	b.apply(ctx, t, both)
}

func (b batch) backUp(ctx context.Context, t *testing.T) {
	run := b.succeed(ctx, t, b.firstSession(ctx, t), patience)
	if len(run.Status.Snapshots) != 3 {
		t.Fatalf("the session has Snapshots %+v", run.Status.Snapshots)
	}
	for _, s := range run.Status.Snapshots {
		snapshot, repo := &storagev1alpha1.Snapshot{}, &storagev1alpha1.Repository{}
		must(t, host.client.Get(ctx, b.key(s.Name), snapshot))
		must(t, host.client.Get(ctx, b.key(s.Repository), repo))
		if snapshot.Status.Phase != storagev1alpha1.SnapshotPhaseSucceeded || snapshot.Spec.AppRef != repo.Spec.AppRef || s.Target+"-repo" != s.Repository {
			t.Errorf("Snapshot %s of %+v is %s", s.Name, snapshot.Spec.AppRef, snapshot.Status.Phase)
		}
	}
}

func (b batch) bringBack(ctx context.Context, t *testing.T) {
	b.sh(ctx, t, "rm /data/file")
	s := object.RestoreSession(b.namespace, "undo", "latest")
	s.Spec.Target = object.ClaimRef(b.namespace)
	s.Spec.Target.Name = object.Uploads
	s.Spec.DataSource.Repository = object.BatchUpload + "-repo"
	s.Spec.Addon = object.Addon(object.ClaimAddon, metav1alpha1.TaskLogicalBackupRestore, nil)
	b.restore(ctx, t, s)
	if got := strings.TrimSpace(b.sh(ctx, t, "cat /data/file")); got != "first" {
		t.Errorf("the file has %q", got)
	}
}

func (b batch) without(ctx context.Context, t *testing.T) {
	must(t, client.IgnoreNotFound(host.client.Delete(ctx, object.Deployment(b.namespace, second, second))))
	again := object.BackupSession(b.namespace, "again", object.Batch)
	again.Spec.Invoker.Kind = corev1alpha1.KindBackupBatch
	b.apply(ctx, t, again)
	run := b.awaitSession(ctx, t, "again", patience)
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
