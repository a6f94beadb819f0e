// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/pkg/features"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/stage"
)

func TestBucketIsTheTruth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "truth-s3")
	var before string
	suite.Test(t, features.New("a namespace that is gone comes back from its bucket").
		Setup(step(func(ctx context.Context, t *testing.T) {
			w.s3Ground(t)
			w.app(t, object.Deployment(w.Namespace, object.App, object.Claim))
			before = w.planted(t)
			w.Apply(t, object.BackupConfiguration(w.Namespace))
			w.succeed(ctx, t, w.FirstRun(t), stage.Patience)
		})).
		Assess("nothing of it is left in the cluster", step(func(ctx context.Context, t *testing.T) { w.vanish(ctx, t) })).
		Assess("a namespace, two Secrets and a BackupStorage bring it back", step(func(ctx context.Context, t *testing.T) {
			stage.Must(t, host.Client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
				Name: w.Namespace, Labels: host.Labels(),
			}}))
			w.Apply(t, object.S3Keys(w.Namespace, stage.Keys.AccessKey, stage.Keys.SecretKey),
				object.Password(w.Namespace, password), object.S3(w.Namespace, host.Server.Endpoint(), host.Bucket))
			w.isBack(ctx, t)
		})).
		Assess("every byte is restored into an empty volume", step(func(_ context.Context, t *testing.T) {
			w.app(t, object.Deployment(w.Namespace, object.App, object.Claim))
			w.restore(t, object.RestoreSession(w.Namespace, "undo", "latest"))
			w.same(t, before)
		})).
		Feature())
}

func TestVolumeIsTheTruth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "truth-local")
	var before string
	var selector map[string]string
	suite.Test(t, features.New("what is on a volume comes back through the log of a pod").
		Setup(step(func(ctx context.Context, t *testing.T) {
			selector = w.localGround(ctx, t)
			deployment := object.Deployment(w.Namespace, object.App, object.Claim)
			deployment.Spec.Template.Spec.NodeSelector = selector
			w.app(t, deployment)
			before = w.planted(t)
			w.Apply(t, object.BackupConfiguration(w.Namespace))
			w.succeed(ctx, t, w.FirstRun(t), stage.Patience)
		})).
		Assess("its objects go, and a new BackupStorage brings them back", step(func(ctx context.Context, t *testing.T) {
			bc := &corev1alpha1.BackupConfiguration{ObjectMeta: object.Meta(w.Namespace, object.Configuration)}
			storage := &storagev1alpha1.BackupStorage{ObjectMeta: object.Meta(w.Namespace, object.Storage)}
			w.gone(ctx, t, bc)
			w.gone(ctx, t, storage)
			w.gone(ctx, t, &storagev1alpha1.Repository{ObjectMeta: object.Meta(w.Namespace, object.Repository)})
			again := object.Local(w.Namespace, "backups")
			again.Spec.RuntimeSettings.Pod = &metav1alpha1.PodRuntimeSettings{NodeSelector: selector}
			w.Apply(t, again)
			w.isBack(ctx, t)
		})).
		Assess("every byte is restored", step(func(_ context.Context, t *testing.T) {
			w.destroyed(t)
			w.restore(t, object.RestoreSession(w.Namespace, "undo", "latest"))
			w.same(t, before)
		})).
		Feature())
}

// gone deletes an object and waits until it is.
func (w *world) gone(ctx context.Context, t testing.TB, o client.Object) {
	t.Helper()
	stage.Must(t, client.IgnoreNotFound(host.Client.Delete(ctx, o)))
	stage.Await(t, fmt.Sprintf("%T %s is gone", o, o.GetName()), stage.Patience, func(ctx context.Context) (bool, string) {
		err := host.Client.Get(ctx, client.ObjectKeyFromObject(o), o)
		return err != nil && client.IgnoreNotFound(err) == nil, fmt.Sprintf("%v %v", o.GetFinalizers(), err)
	})
}

// vanish deletes the KubeStash objects, whose policies keep the data, and then the namespace.
func (w *world) vanish(ctx context.Context, t testing.TB) {
	t.Helper()
	w.gone(ctx, t, &corev1alpha1.BackupConfiguration{ObjectMeta: object.Meta(w.Namespace, object.Configuration)})
	w.gone(ctx, t, &storagev1alpha1.BackupStorage{ObjectMeta: object.Meta(w.Namespace, object.Storage)})
	w.gone(ctx, t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.Namespace}})
}

// isBack waits until the Repository and its Snapshot are there as they were.
func (w *world) isBack(ctx context.Context, t testing.TB) {
	t.Helper()
	stage.Await(t, "the Repository is back", stage.Patience, func(ctx context.Context) (bool, string) {
		repo := &storagev1alpha1.Repository{}
		if err := host.Client.Get(ctx, w.Key(object.Repository), repo); err != nil {
			storage := &storagev1alpha1.BackupStorage{}
			_ = host.Client.Get(ctx, w.Key(object.Storage), storage)
			return false, fmt.Sprintf("%v; the BackupStorage says %+v", err, storage.Status)
		}
		s := repo.Status
		return s.Phase == storagev1alpha1.RepositoryPhaseReady && s.SnapshotCount != nil && *s.SnapshotCount == 1 && s.LastBackupTime != nil, fmt.Sprintf("%+v", s)
	})
	var list storagev1alpha1.SnapshotList
	stage.Must(t, host.Client.List(ctx, &list, client.InNamespace(w.Namespace)))
	if len(list.Items) != 1 || list.Items[0].Status.Phase != storagev1alpha1.SnapshotPhaseSucceeded || list.Items[0].Status.Size == "" {
		t.Errorf("the Snapshots are %+v", list.Items)
	}
}
