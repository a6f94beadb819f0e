// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build fault

package fault

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/stage"
)

// TestVolumeSuddenlyEmpty: what was lost is not backed up as if it were all there is.
func TestVolumeSuddenlyEmpty(t *testing.T) {
	t.Parallel()
	s := open(t, "empty")
	before := s.snapshots(t)
	s.Sh(t, "rm -rf /data/*")
	s.backup(t, "run")
	s.expect(t, "run", corev1alpha1.BackupSessionPhaseFailed, string(engine.ClassSourceEmpty))
	if after := s.snapshots(t); after < before {
		t.Errorf("there were %d good Snapshots before, and are %d after", before, after)
	}
	s.restore(t, "undo")
	s.expectRestore(t, "undo", corev1alpha1.RestoreSessionPhaseSucceeded)
	s.aftermath(t)
}

// snapshots counts those that succeeded.
func (s *shop) snapshots(t *testing.T) int {
	t.Helper()
	var list storagev1alpha1.SnapshotList
	stage.Must(t, s.Client.List(t.Context(), &list, client.InNamespace(s.Namespace)))
	good := 0
	for _, o := range list.Items {
		if o.Status.Phase == storagev1alpha1.SnapshotPhaseSucceeded {
			good++
		}
	}
	return good
}

// TestUnreadableFile needs a mover that isn't root: one that is reads everything.
func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	s := open(t, "unreadable")
	s.Sh(t, "echo secret > /data/private; chmod 0600 /data/private; chmod 0644 /data/random /data/a/one /data/a/b/two")
	s.setLevel(t, "restricted")
	s.backup(t, "run")
	s.expect(t, "run", corev1alpha1.BackupSessionPhaseFailed, string(engine.ClassUnreadable), "/data/private")
	s.setLevel(t, "privileged")
	s.aftermath(t)
}

func (s *shop) setLevel(t *testing.T, level string) {
	t.Helper()
	namespace := &corev1.Namespace{}
	stage.Must(t, s.Client.Get(t.Context(), client.ObjectKey{Name: s.Namespace}, namespace))
	base := client.MergeFrom(namespace.DeepCopy())
	namespace.Labels["pod-security.kubernetes.io/enforce"] = level
	stage.Must(t, s.Client.Patch(t.Context(), namespace, base))
}

// TestTargetDeletedInTheMiddle: the volume is still there, so the run is good; the next is skipped until there is a
// target again.
func TestTargetDeletedInTheMiddle(t *testing.T) {
	t.Parallel()
	s := open(t, "target")
	s.grow(t, slowly)
	s.backup(t, "run")
	s.middle(t, "run", 4)
	stage.Must(t, s.Client.Delete(t.Context(), &appsv1.Deployment{ObjectMeta: object.Meta(s.Namespace, object.App)}))
	s.expect(t, "run", corev1alpha1.BackupSessionPhaseSucceeded)
	s.backup(t, "nobody")
	s.expect(t, "nobody", corev1alpha1.BackupSessionPhaseSkipped, object.App)
	s.Apply(t, object.Deployment(s.Namespace, object.App, object.Claim))
	s.AwaitApp(t)
	s.awaitReady(t)
	s.aftermath(t)
}

// TestStorageDeletedInTheMiddle: somebody deletes the BackupStorage that a run writes to, and makes it again.
func TestStorageDeletedInTheMiddle(t *testing.T) {
	t.Parallel()
	s := open(t, "storage-deleted", timeout(time.Minute))
	s.grow(t, slowly)
	s.backup(t, "run")
	s.middle(t, "run", 4)
	storage := &storagev1alpha1.BackupStorage{ObjectMeta: object.Meta(s.Namespace, object.Storage)}
	stage.Must(t, s.Client.Delete(t.Context(), storage))
	run := s.Ended(t, "run", soon)
	t.Logf("run is %s: %s", run.Status.Phase, s.said(t, run))
	stage.Await(t, "the BackupStorage is there again", soon, func(ctx context.Context) (bool, string) {
		err := s.Client.Create(ctx, object.S3(s.Namespace, s.store.Endpoint, host.Bucket))
		return err == nil || apierrors.IsAlreadyExists(err) && s.isWhole(ctx), fmt.Sprint(err)
	})
	s.awaitReady(t)
	s.aftermath(t)
}

// isWhole reports whether the BackupStorage is not being deleted.
func (s *shop) isWhole(ctx context.Context) bool {
	storage := &storagev1alpha1.BackupStorage{}
	return s.Client.Get(ctx, s.Key(object.Storage), storage) == nil && storage.DeletionTimestamp.IsZero()
}

// TestNamespaceDeletedInTheMiddle: all of it goes, and the bucket keeps the backups and no lock.
func TestNamespaceDeletedInTheMiddle(t *testing.T) {
	t.Parallel()
	s := open(t, "namespace")
	s.grow(t, slowly)
	s.backup(t, "run")
	s.middle(t, "run", 4)
	stage.Must(t, s.Client.Delete(t.Context(), &corev1.Namespace{ObjectMeta: object.Meta("", s.Namespace)}))
	stage.Await(t, "the namespace is gone", soon, func(ctx context.Context) (bool, string) {
		namespace := &corev1.Namespace{}
		err := s.Client.Get(ctx, client.ObjectKey{Name: s.Namespace}, namespace)
		return apierrors.IsNotFound(err), fmt.Sprintf("%v %+v", err, namespace.Status.Conditions)
	})
	if locks := s.locks(t); len(locks) > 0 {
		t.Errorf("locks are left: %q", locks)
	}
	if list := string(s.restic(t, "snapshots", "--json")); !strings.Contains(list, "/data") {
		t.Errorf("the first backup is gone: %s", list)
	}
	s.restic(t, "check")
}
