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
	"kubestash.com/kubestash/tests/s3"
)

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "password")
	var before string
	suite.Test(t, features.New("a wrong password").
		Setup(step(func(ctx context.Context, t *testing.T) {
			w.s3Ground(ctx, t)
			w.app(ctx, t, object.Deployment(w.namespace, object.App, object.Claim))
			before = w.planted(ctx, t)
			w.apply(ctx, t, object.BackupConfiguration(w.namespace))
			w.succeed(ctx, t, w.firstSession(ctx, t), patience)
			w.setPassword(ctx, t, password+"-wrong")
		})).
		Assess("fails the run and says so", step(func(ctx context.Context, t *testing.T) {
			w.backup(ctx, t, "wrong")
			w.expectFailure(ctx, t, "wrong", engine.ClassPassword)
		})).
		Assess("has not damaged what was there", step(func(ctx context.Context, t *testing.T) {
			w.setPassword(ctx, t, password)
			w.backup(ctx, t, "right")
			w.succeed(ctx, t, "right", patience)
			w.destroyed(ctx, t)
			w.restore(ctx, t, object.RestoreSession(w.namespace, "undo", "latest"))
			w.same(ctx, t, before)
		})).
		Assess("shows no secret, wrong or right", step(w.noSecrets)).
		Feature())
}

func TestMissingBucket(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "bucket")
	suite.Test(t, features.New("a bucket that doesn't exist").
		Setup(step(func(ctx context.Context, t *testing.T) {
			storage := object.S3(w.namespace, host.server.Endpoint(), w.namespace)
			w.apply(ctx, t,
				object.S3Keys(w.namespace, serverKeys.AccessKey, serverKeys.SecretKey),
				object.Password(w.namespace, password), storage, object.KeepLast(w.namespace, 5))
			w.app(ctx, t, object.Deployment(w.namespace, object.App, object.Claim))
			w.apply(ctx, t, object.BackupConfiguration(w.namespace))
		})).
		Assess("makes the storage NotReady, with that reason", step(func(ctx context.Context, t *testing.T) {
			await(ctx, t, "the BackupStorage says what is missing", patience, func(ctx context.Context) (bool, string) {
				storage := &storagev1alpha1.BackupStorage{}
				must(t, host.client.Get(ctx, w.key(object.Storage), storage))
				c := metav1alpha1.FindCondition(storage.Status.Conditions, storagev1alpha1.ConditionBackendInitialized)
				return storage.Status.Phase == storagev1alpha1.BackupStoragePhaseNotReady && c != nil &&
					strings.Contains(c.Message, string(engine.ClassBucketMissing)), fmt.Sprintf("%+v", storage.Status)
			})
			w.awaitPhase(ctx, t, corev1alpha1.BackupConfigurationPhaseNotReady)
		})).
		Assess("is picked up once it does", step(func(ctx context.Context, t *testing.T) {
			must(t, inBuckets(ctx, func(c *s3.Client) error { return c.CreateBucket(ctx, w.namespace) }))
			w.awaitPhase(ctx, t, corev1alpha1.BackupConfigurationPhaseReady)
			w.succeed(ctx, t, w.firstSession(ctx, t), patience)
		})).
		Feature())
}

func TestMissingPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "path")
	suite.Test(t, features.New("a path that doesn't exist").
		Setup(step(func(ctx context.Context, t *testing.T) {
			w.s3Ground(ctx, t)
			w.app(ctx, t, object.Deployment(w.namespace, object.App, object.Claim))
			w.sh(ctx, t, "echo hello > /data/file")
			bc := object.BackupConfiguration(w.namespace)
			bc.Spec.Sessions[0].Addon = object.Addon(object.WorkloadAddon, metav1alpha1.TaskLogicalBackup,
				map[string]string{"paths": "/data/nowhere"})
			w.apply(ctx, t, bc)
		})).
		Assess("fails the run and says so", step(func(ctx context.Context, t *testing.T) {
			w.expectFailure(ctx, t, w.firstSession(ctx, t), engine.ClassPathMissing)
		})).
		Assess("is picked up once it does", step(func(ctx context.Context, t *testing.T) {
			w.sh(ctx, t, "mkdir /data/nowhere; echo hello > /data/nowhere/file")
			w.backup(ctx, t, "again")
			w.succeed(ctx, t, "again", patience)
		})).
		Feature())
}

// expectFailure waits for a run that fails, and looks for the class where users look: in the Snapshot's component and
// in an event of the run.
func (w *world) expectFailure(ctx context.Context, t testing.TB, name string, class engine.Class) {
	t.Helper()
	run := w.awaitSession(ctx, t, name, patience)
	if run.Status.Phase != corev1alpha1.BackupSessionPhaseFailed {
		t.Fatalf("BackupSession %s is %s", name, run.Status.Phase)
	}
	if said := w.failure(ctx, run); !strings.Contains(said, string(class)) {
		t.Errorf("statuses say %q, want something about %s", said, class)
	}
	await(ctx, t, "an event tells of "+string(class), patience, func(ctx context.Context) (bool, string) {
		story := w.kubectl(ctx, t, "describe", "backupsession", name, "-n", w.namespace)
		_, events, _ := strings.Cut(story, "Events:")
		return strings.Contains(events, "Warning") && strings.Contains(events, string(class)), events
	})
}

func (w *world) setPassword(ctx context.Context, t testing.TB, text string) {
	t.Helper()
	secret := &corev1.Secret{}
	must(t, host.client.Get(ctx, w.key(object.EncryptionSecret), secret))
	secret.Data[metav1alpha1.SecretKeyResticPassword] = []byte(text)
	must(t, host.client.Update(ctx, secret))
}

func (w *world) awaitPhase(ctx context.Context, t testing.TB, phase corev1alpha1.BackupConfigurationPhase) {
	t.Helper()
	await(ctx, t, "the BackupConfiguration is "+string(phase), patience, func(ctx context.Context) (bool, string) {
		bc := &corev1alpha1.BackupConfiguration{}
		must(t, host.client.Get(ctx, w.key(object.Configuration), bc))
		return bc.Status.Phase == phase, w.configurations(ctx)
	})
}
