// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/s3"
)

func (d *demo) all(ctx context.Context, commands ...string) error {
	for _, command := range commands {
		if err := d.run(ctx, command); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) startS3(ctx context.Context) error {
	if d.local {
		if err := d.run(ctx, "make image-busybox image-versitygw"); err != nil {
			return err
		}
	}
	if err := d.all(ctx,
		"kubectl apply -f tests/demo/manifests/s3.yaml",
		`kubectl -n demo-s3 create secret generic s3-root --from-literal=ROOT_ACCESS_KEY_ID="$S3_KEY" --from-literal=ROOT_SECRET_ACCESS_KEY="$S3_SECRET"`,
		"kubectl -n demo-s3 apply -f tests/s3/server.yaml",
		"kubectl -n demo-s3 rollout status deployment/s3 --timeout=180s",
	); err != nil {
		return err
	}
	var err error
	if d.bucket, err = s3.Dial(ctx, d.config, d.server); err != nil {
		return err
	}
	if err := d.bucket.CreateBucket(ctx, bucketName); err != nil {
		return err
	}
	d.say("\nBucket %q is created, over a forwarded port. Pods reach the server at %s.", bucketName, d.server.Endpoint())
	return nil
}

func (d *demo) startApp(ctx context.Context) error {
	if err := d.all(ctx,
		"kubectl apply -f tests/demo/manifests/app.yaml",
		"kubectl -n demo rollout status deployment/notes --timeout=180s",
		"CGO_ENABLED=0 GOOS=linux go build -trimpath -ldflags '-s -w' -o "+d.folder+"/manifest ./tests/demo/manifest",
		"kubectl -n demo exec -i deployment/notes -- sh -c 'cat > /tmp/manifest && chmod +x /tmp/manifest' < "+d.folder+"/manifest",
		"kubectl -n demo exec deployment/notes -- /tmp/manifest plant /data",
		"kubectl -n demo exec deployment/notes -- ls -la /data /data/odd",
	); err != nil {
		return err
	}
	entries, err := d.list(ctx, "before")
	if err != nil {
		return err
	}
	d.say("\n%s", describe(entries))
	return nil
}

func (d *demo) prepare(ctx context.Context) error {
	if err := d.all(ctx,
		`kubectl -n demo create secret generic s3-secret --from-literal=AWS_ACCESS_KEY_ID="$S3_KEY" --from-literal=AWS_SECRET_ACCESS_KEY="$S3_SECRET"`,
		`kubectl -n demo create secret generic encrypt-secret --from-literal=RESTIC_PASSWORD="$PASSWORD"`,
		"kubectl apply -f tests/demo/manifests/backup.yaml",
	); err != nil {
		return err
	}
	storage := &storagev1alpha1.BackupStorage{ObjectMeta: metav1.ObjectMeta{Namespace: namespaceApp, Name: "s3-storage"}}
	err := d.await(ctx, "backupstorage", storage, func(context.Context) (verdict, error) {
		phase := storage.Status.Phase
		return verdict{done: phase == storagev1alpha1.BackupStoragePhaseReady, state: orUnseen(string(phase))}, nil
	})
	if err != nil {
		return err
	}
	return d.run(ctx, "kubectl -n demo get backupstorage,retentionpolicy,backupblueprint")
}

func orUnseen(phase string) string {
	if phase == "" {
		return "not seen yet"
	}
	return phase
}

func (d *demo) destroy(ctx context.Context) error {
	if err := d.all(ctx,
		"kubectl -n demo exec deployment/notes -- rm -rf /data/documents /data/media /data/odd",
		"kubectl -n demo exec deployment/notes -- ls -la /data",
	); err != nil {
		return err
	}
	left, err := d.list(ctx, "destroyed")
	if err != nil {
		return err
	}
	if len(left) != 1 {
		return fmt.Errorf("destroying the files: %d of them are still there, so a restore would prove nothing", len(left)-1)
	}
	return nil
}
