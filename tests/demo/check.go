// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/demo/tree"
)

// list has the application's own container list its files, and keeps the list for people to look at.
func (d *demo) list(ctx context.Context, name string) ([]tree.Entry, error) {
	file := filepath.Join(d.folder, name+".jsonl")
	if err := d.run(ctx, "kubectl -n demo exec deployment/notes -- /tmp/manifest list /data > "+file); err != nil {
		return nil, err
	}
	return d.read(file)
}

func (d *demo) read(file string) ([]tree.Entry, error) {
	content, err := os.ReadFile(filepath.Join(d.dir, file))
	if err != nil {
		return nil, fmt.Errorf("reading a list: %w", err)
	}
	return tree.Decode(bytes.NewReader(content))
}

func describe(entries []tree.Entry) string {
	types, size := tree.Count(entries)
	return fmt.Sprintf("The tree: %d files, %d folders, %d symlinks, %d named pipe, %.1f MiB.",
		types["file"], types["folder"], types["symlink"], types["fifo"], float64(size)/(1<<20))
}

func (d *demo) compare(ctx context.Context) error {
	after, err := d.list(ctx, "after")
	if err != nil {
		return err
	}
	before, err := d.read(filepath.Join(d.folder, "before.jsonl"))
	if err != nil {
		return err
	}
	if err := d.same(before, after, [2]string{"before", "after"}); err != nil {
		return err
	}
	d.say("\n%s\nCompared of each entry: content (SHA-256), type, mode, owner, group, link target, other names, attributes, modification time to the "+
		"nanosecond.\nDifferences: none.", describe(after))
	return nil
}

func (d *demo) same(before, after []tree.Entry, names [2]string) error {
	differences := tree.Compare(names, before, after)
	if len(differences) == 0 {
		return nil
	}
	d.say("\nDifferences: %d. The first ones:", len(differences))
	for _, difference := range differences[:min(20, len(differences))] {
		d.say("  %s", difference)
	}
	return errDifferent
}

// plainRestic opens the repository as somebody would who has the bucket's credentials, the password, and no KubeStash.
func (d *demo) plainRestic(ctx context.Context) error {
	repository := &storagev1alpha1.Repository{ObjectMeta: metav1.ObjectMeta{Namespace: namespaceApp, Name: repositoryName}}
	if err := d.client.Get(ctx, client.ObjectKeyFromObject(repository), repository); err != nil {
		return fmt.Errorf("looking for the Repository: %w", err)
	}
	if len(repository.Status.ComponentPaths) != 1 {
		return fmt.Errorf("looking for the repository in the bucket: status.componentPaths has %d entries, want 1", len(repository.Status.ComponentPaths))
	}
	env := fmt.Sprintf(`# What a plain restic needs. Read it with: source %s/restic.env
secret() { kubectl -n demo get secret "$1" -o "jsonpath={.data.$2}" | base64 -d; }
export AWS_ACCESS_KEY_ID=$(secret s3-secret AWS_ACCESS_KEY_ID)
export AWS_SECRET_ACCESS_KEY=$(secret s3-secret AWS_SECRET_ACCESS_KEY)
export RESTIC_PASSWORD=$(secret encrypt-secret RESTIC_PASSWORD)
export RESTIC_REPOSITORY=s3:http://${S3_ADDRESS:-127.0.0.1:7070}/%s/demo/%s/%s
`, d.folder, bucketName, repository.Spec.Path, repository.Status.ComponentPaths[0])
	if err := os.WriteFile(filepath.Join(d.dir, d.folder, "restic.env"), []byte(env), 0o600); err != nil {
		return fmt.Errorf("writing restic.env: %w", err)
	}
	d.env = append(d.env, "S3_ADDRESS="+d.bucket.Address)
	d.say("\nThe S3 server is at %s on this machine, over a forwarded port.", d.bucket.Address)
	target := d.folder + "/plain"
	if err := d.all(ctx,
		"grep export "+d.folder+"/restic.env",
		"source "+d.folder+"/restic.env; restic snapshots",
		"source "+d.folder+"/restic.env; restic check",
		"rm -rf "+target+"; source "+d.folder+"/restic.env; restic restore latest --target "+target,
	); err != nil {
		return err
	}
	return d.comparePlain(target)
}

// comparePlain: who isn't root can't give files away, so there only content, names and links are compared.
func (d *demo) comparePlain(target string) error {
	before, err := d.read(filepath.Join(d.folder, "before.jsonl"))
	if err != nil {
		return err
	}
	root := filepath.Join(d.dir, target)
	after, err := tree.List(filepath.Join(root, "data"))
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		before, after = withoutOwners(before), withoutOwners(after)
	}
	if err := d.same(before, after, [2]string{"in the pod", "by plain restic"}); err != nil {
		return err
	}
	d.say("\n%s\nDifferences to the original: none.", describe(after))
	return os.RemoveAll(root)
}

func withoutOwners(entries []tree.Entry) []tree.Entry {
	out := make([]tree.Entry, 0, len(entries))
	for _, e := range entries {
		e.UID, e.GID, e.Mode = 0, 0, ""
		out = append(out, e)
	}
	return out
}
