// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/e2e-framework/pkg/features"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/stage"
	"kubestash.com/kubestash/tests/s3"
)

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "password")
	var before string
	suite.Test(t, features.New("a wrong password").
		Setup(step(func(ctx context.Context, t *testing.T) {
			w.s3Ground(t)
			w.app(t, object.Deployment(w.Namespace, object.App, object.Claim))
			before = w.planted(t)
			w.Apply(t, object.BackupConfiguration(w.Namespace))
			w.succeed(ctx, t, w.FirstRun(t), stage.Patience)
			w.setPassword(ctx, t, password+"-wrong")
		})).
		Assess("fails the run and says so", step(func(ctx context.Context, t *testing.T) {
			w.backup(t, "wrong")
			w.expectFailure(ctx, t, "wrong", engine.ClassPassword)
		})).
		Assess("has not damaged what was there", step(func(ctx context.Context, t *testing.T) {
			w.setPassword(ctx, t, password)
			w.backup(t, "right")
			w.succeed(ctx, t, "right", stage.Patience)
			w.destroyed(t)
			w.restore(t, object.RestoreSession(w.Namespace, "undo", "latest"))
			w.same(t, before)
		})).
		Assess("shows no secret, wrong or right", step(w.noSecrets)).
		Feature())
}

func TestMissingBucket(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "bucket")
	suite.Test(t, features.New("a bucket that doesn't exist").
		Setup(step(func(_ context.Context, t *testing.T) {
			storage := object.S3(w.Namespace, host.Server.Endpoint(), w.Namespace)
			w.Apply(t,
				object.S3Keys(w.Namespace, stage.Keys.AccessKey, stage.Keys.SecretKey),
				object.Password(w.Namespace, password), storage, object.KeepLast(w.Namespace, 5))
			w.app(t, object.Deployment(w.Namespace, object.App, object.Claim))
			w.Apply(t, object.BackupConfiguration(w.Namespace))
		})).
		Assess("makes the storage NotReady, with that reason", step(func(_ context.Context, t *testing.T) {
			stage.Await(t, "the BackupStorage says what is missing", stage.Patience, func(ctx context.Context) (bool, string) {
				storage := &storagev1alpha1.BackupStorage{}
				stage.Must(t, host.Client.Get(ctx, w.Key(object.Storage), storage))
				c := metav1alpha1.FindCondition(storage.Status.Conditions, storagev1alpha1.ConditionBackendInitialized)
				return storage.Status.Phase == storagev1alpha1.BackupStoragePhaseNotReady && c != nil &&
					strings.Contains(c.Message, string(engine.ClassBucketMissing)), fmt.Sprintf("%+v", storage.Status)
			})
			w.awaitPhase(t, corev1alpha1.BackupConfigurationPhaseNotReady)
		})).
		Assess("is picked up once it does", step(func(ctx context.Context, t *testing.T) {
			stage.Must(t, host.InBuckets(ctx, func(c *s3.Client) error { return c.CreateBucket(ctx, w.Namespace) }))
			w.awaitPhase(t, corev1alpha1.BackupConfigurationPhaseReady)
			w.succeed(ctx, t, w.FirstRun(t), stage.Patience)
		})).
		Feature())
}

func TestMissingPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "path")
	suite.Test(t, features.New("a path that doesn't exist").
		Setup(step(func(_ context.Context, t *testing.T) {
			w.s3Ground(t)
			w.app(t, object.Deployment(w.Namespace, object.App, object.Claim))
			w.Sh(t, "echo hello > /data/file")
			bc := object.BackupConfiguration(w.Namespace)
			bc.Spec.Sessions[0].Addon = object.Addon(object.WorkloadAddon, metav1alpha1.TaskLogicalBackup,
				map[string]string{"paths": "/data/nowhere"})
			w.Apply(t, bc)
		})).
		Assess("fails the run and says so", step(func(ctx context.Context, t *testing.T) {
			w.expectFailure(ctx, t, w.FirstRun(t), engine.ClassPathMissing)
		})).
		Assess("is picked up once it does", step(func(ctx context.Context, t *testing.T) {
			w.Sh(t, "mkdir /data/nowhere; echo hello > /data/nowhere/file")
			w.backup(t, "again")
			w.succeed(ctx, t, "again", stage.Patience)
		})).
		Feature())
}

// expectFailure waits for a run that fails, and looks for the class where users look: in the Snapshot's component and
// in an event of the run.
func (w *world) expectFailure(ctx context.Context, t testing.TB, name string, class engine.Class) {
	t.Helper()
	run := w.Ended(t, name, stage.Patience)
	if run.Status.Phase != corev1alpha1.BackupSessionPhaseFailed {
		t.Fatalf("BackupSession %s is %s", name, run.Status.Phase)
	}
	if said := w.failure(ctx, run); !strings.Contains(said, string(class)) {
		t.Errorf("statuses say %q, want something about %s", said, class)
	}
	stage.Await(t, "an event tells of "+string(class), stage.Patience, func(ctx context.Context) (bool, string) {
		story := w.kubectl(ctx, t, "describe", "backupsession", name, "-n", w.Namespace)
		_, events, _ := strings.Cut(story, "Events:")
		return strings.Contains(events, "Warning") && strings.Contains(events, string(class)), events
	})
}

func (w *world) setPassword(ctx context.Context, t testing.TB, text string) {
	t.Helper()
	secret := &corev1.Secret{}
	stage.Must(t, host.Client.Get(ctx, w.Key(object.EncryptionSecret), secret))
	secret.Data[metav1alpha1.SecretKeyResticPassword] = []byte(text)
	stage.Must(t, host.Client.Update(ctx, secret))
}

func (w *world) awaitPhase(t testing.TB, phase corev1alpha1.BackupConfigurationPhase) {
	t.Helper()
	stage.Await(t, "the BackupConfiguration is "+string(phase), stage.Patience, func(ctx context.Context) (bool, string) {
		bc := &corev1alpha1.BackupConfiguration{}
		stage.Must(t, host.Client.Get(ctx, w.Key(object.Configuration), bc))
		return bc.Status.Phase == phase, w.Configurations(ctx)
	})
}
