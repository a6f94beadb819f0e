// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"path"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/pkg/features"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/stage"
	"kubestash.com/kubestash/tests/s3"
)

// What retention drops takes up room until a prune; what it keeps is whole after that; and WipeOut leaves nothing.
func TestSpaceIsFreed(t *testing.T) {
	t.Parallel()
	const mebibytes = 8
	w := newWorld(t, "keep")
	var tree string
	var before int64
	suite.Test(t, features.New("the space of what retention drops").
		Setup(step(func(ctx context.Context, t *testing.T) {
			w.Apply(t,
				object.S3Keys(w.Namespace, stage.Keys.AccessKey, stage.Keys.SecretKey), object.Password(w.Namespace, password),
				object.S3(w.Namespace, host.Server.Endpoint(), host.Bucket), object.KeepLast(w.Namespace, 1),
			)
			w.app(t, object.Deployment(w.Namespace, object.App, object.Claim))
			tree = w.planted(t)
			w.grow(t, mebibytes)
			bc := object.BackupConfiguration(w.Namespace)
			bc.Spec.Sessions[0].Repositories[0].Maintenance = &storagev1alpha1.MaintenanceSpec{
				Prune: storagev1alpha1.PruneSpec{MaxUnused: "0"}, Check: storagev1alpha1.CheckSpec{ReadDataSubset: "100%"},
			}
			w.Apply(t, bc)
			w.succeed(ctx, t, w.FirstRun(t), stage.Patience)
			for _, name := range []string{"second", "third"} {
				w.grow(t, mebibytes)
				w.backup(t, name)
				w.succeed(ctx, t, name, stage.Patience)
			}
			w.Sh(t, "rm /data/big")
			w.backup(t, "last")
			run := w.succeed(ctx, t, "last", stage.Patience)
			applied := run.Status.RetentionPolicies
			if len(applied) != 1 || len(applied[0].Dropped) != 1 || applied[0].Dropped[0].Reason == "" || len(applied[0].Kept) != 1 {
				t.Errorf("retention tells %+v", applied)
			}
			before = w.stored(ctx, t)
			if before < 3*mebibytes<<20 {
				t.Fatalf("the bucket holds %d bytes, so something is gone already", before)
			}
		})).
		Assess("goes with a prune, which is asked for by an annotation", step(func(ctx context.Context, t *testing.T) {
			repo := w.repository(ctx, t)
			base := client.MergeFrom(repo.DeepCopy())
			metav1.SetMetaDataAnnotation(&repo.ObjectMeta, metav1alpha1.AnnotationMaintain, "now")
			stage.Must(t, host.Client.Patch(ctx, repo, base))
			stage.Await(t, "the maintenance is over", stage.Patience, func(ctx context.Context) (bool, string) {
				repo = w.repository(ctx, t)
				m := repo.Status.Maintenance
				return m != nil && m.Phase == storagev1alpha1.MaintenancePhaseSucceeded, fmt.Sprintf("%+v: %+v", m, repo.Status.Conditions)
			})
			freed := before - w.stored(ctx, t)
			told := repo.Status.Maintenance.Prune.FreedBytes
			if told == nil || freed < 3*mebibytes<<20 || *told < freed*95/100 || *told > freed*105/100 {
				t.Errorf("the bucket holds %d bytes less, and the status says %v", freed, told)
			}
			if repo.Status.Integrity == nil || !*repo.Status.Integrity ||
				!metav1alpha1.IsConditionTrue(repo.Status.Conditions, storagev1alpha1.ConditionIntegrityVerified) {
				t.Errorf("the check tells %+v", repo.Status)
			}
			t.Logf("%d of %d bytes were freed; %s", freed, before, w.kubectl(ctx, t, "describe", "repository", "-n", w.Namespace, repo.Name))
		})).
		Assess("isn't that of what was kept", step(func(_ context.Context, t *testing.T) {
			w.destroyed(t)
			w.restore(t, object.RestoreSession(w.Namespace, "back", "latest"))
			w.same(t, tree)
		})).
		Assess("is all free after WipeOut", step(func(ctx context.Context, t *testing.T) {
			repo := w.repository(ctx, t)
			base := client.MergeFrom(repo.DeepCopy())
			repo.Spec.DeletionPolicy = storagev1alpha1.DeletionPolicyWipeOut
			stage.Must(t, host.Client.Patch(ctx, repo, base))
			stage.Must(t, host.Client.Delete(ctx, object.BackupConfiguration(w.Namespace)))
			stage.Await(t, "the Repository is gone", stage.Patience, func(ctx context.Context) (bool, string) {
				err := host.Client.Get(ctx, client.ObjectKeyFromObject(repo), repo)
				return err != nil && client.IgnoreNotFound(err) == nil, fmt.Sprintf("%v: %+v", err, repo.Status.Conditions)
			})
			if left := w.stored(ctx, t); left != 0 {
				t.Errorf("%d bytes are left in the bucket", left)
			}
		})).
		Feature())
}

func (w *world) repository(ctx context.Context, t testing.TB) *storagev1alpha1.Repository {
	t.Helper()
	repo := &storagev1alpha1.Repository{}
	stage.Must(t, host.Client.Get(ctx, w.Key(object.Repository), repo))
	return repo
}

// stored is how many bytes the Repository takes up in the bucket.
func (w *world) stored(ctx context.Context, t testing.TB) (bytes int64) {
	t.Helper()
	prefix := object.S3(w.Namespace, host.Server.Endpoint(), host.Bucket).Spec.Storage.S3.Prefix
	dir := object.BackupConfiguration(w.Namespace).Spec.Sessions[0].Repositories[0].Directory
	stage.Must(t, host.InBuckets(ctx, func(c *s3.Client) error {
		var err error
		_, bytes, err = c.Size(ctx, host.Bucket, path.Join(prefix, dir)+"/")
		return err
	}))
	return bytes
}
