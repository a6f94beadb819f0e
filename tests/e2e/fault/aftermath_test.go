// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build fault

package fault

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/stage"
)

// nextRun is how long the run after a fault may take: no human comes, and nobody waits for long.
const nextRun = time.Minute

// aftermath is how every fault ends: the next run is good within a minute and without a human, nothing is left over,
// and what is in the bucket is what the Snapshots say.
func (s *shop) aftermath(t *testing.T) {
	t.Helper()
	s.next++
	name := fmt.Sprintf("next-%d", s.next)
	s.backup(t, name)
	run := s.Ended(t, name, nextRun)
	if run.Status.Phase != corev1alpha1.BackupSessionPhaseSucceeded {
		t.Fatalf("the next run is %s: %s", run.Status.Phase, s.said(t, run))
	}
	var left []string
	stage.Await(t, "nothing is left over", soon, func(ctx context.Context) (bool, string) {
		left = s.leftovers(ctx)
		return len(left) == 0, strings.Join(left, "; ")
	})
	s.plain(t)
}

// leftovers is what there is and shouldn't be.
func (s *shop) leftovers(ctx context.Context) []string {
	var left []string
	say := func(format string, args ...any) { left = append(left, fmt.Sprintf(format, args...)) }
	for _, look := range []func(context.Context, func(string, ...any)) error{s.openWork, s.strayObjects, s.strayKeys} {
		if err := look(ctx, say); err != nil {
			say("%v", err)
		}
	}
	return left
}

// openWork are runs, Jobs and pods that have not ended, although nothing runs.
func (s *shop) openWork(ctx context.Context, say func(string, ...any)) error {
	var (
		backups  corev1alpha1.BackupSessionList
		restores corev1alpha1.RestoreSessionList
		jobs     batchv1.JobList
		pods     corev1.PodList
	)
	for _, list := range []client.ObjectList{&backups, &restores, &jobs, &pods} {
		if err := s.Client.List(ctx, list, client.InNamespace(s.Namespace)); err != nil {
			return err
		}
	}
	for i := range backups.Items {
		if b := &backups.Items[i]; !stage.IsOver(b) {
			say("BackupSession %s is %s", b.Name, b.Status.Phase)
		}
	}
	for i := range restores.Items {
		if r := &restores.Items[i]; !stage.IsRestoreOver(r) {
			say("RestoreSession %s is %s", r.Name, r.Status.Phase)
		}
	}
	for _, j := range jobs.Items {
		if !slices.ContainsFunc(j.Status.Conditions, func(c batchv1.JobCondition) bool {
			return (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue
		}) {
			say("Job %s has not ended", j.Name)
		}
	}
	for _, p := range pods.Items {
		if p.Labels[batchv1.JobNameLabel] != "" && p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed {
			say("pod %s is %s", p.Name, p.Status.Phase)
		}
	}
	return nil
}

// strayObjects are Secrets and claims that the test has not made, and Snapshots that are not complete.
func (s *shop) strayObjects(ctx context.Context, say func(string, ...any)) error {
	var (
		secrets   corev1.SecretList
		claims    corev1.PersistentVolumeClaimList
		snapshots storagev1alpha1.SnapshotList
	)
	for _, list := range []client.ObjectList{&secrets, &claims, &snapshots} {
		if err := s.Client.List(ctx, list, client.InNamespace(s.Namespace)); err != nil {
			return err
		}
	}
	for _, o := range secrets.Items {
		if !slices.Contains(s.secrets, o.Name) {
			say("Secret %s", o.Name)
		}
	}
	for _, o := range claims.Items {
		if !slices.Contains(s.claims, o.Name) {
			say("claim %s", o.Name)
		}
	}
	for _, o := range snapshots.Items {
		switch {
		case !o.DeletionTimestamp.IsZero():
			say("Snapshot %s is being deleted", o.Name)
		case o.Status.Phase != storagev1alpha1.SnapshotPhaseSucceeded && o.Status.Phase != storagev1alpha1.SnapshotPhaseFailed:
			say("Snapshot %s is %s", o.Name, o.Status.Phase)
		}
	}
	return nil
}

// strayKeys are locks in the bucket, and documents without their Snapshot or the other way round.
func (s *shop) strayKeys(ctx context.Context, say func(string, ...any)) error {
	keys, err := s.Buckets.Keys(ctx, host.Bucket, s.Namespace+"/")
	if err != nil {
		return err
	}
	var snapshots storagev1alpha1.SnapshotList
	if err := s.Client.List(ctx, &snapshots, client.InNamespace(s.Namespace)); err != nil {
		return err
	}
	documents := map[string]bool{}
	for _, key := range keys {
		if strings.Contains(key, "/locks/") {
			say("a lock: %s", key)
		}
		if name, ok := strings.CutPrefix(key, path.Join(s.Namespace, object.Directory, "snapshots")+"/"); ok {
			documents[strings.TrimSuffix(name, ".yaml")] = true
		}
	}
	for _, o := range snapshots.Items {
		if o.Status.Phase == storagev1alpha1.SnapshotPhaseSucceeded && !documents[o.Name] {
			say("Snapshot %s has no document", o.Name)
		}
		delete(documents, o.Name)
	}
	for name := range documents {
		say("a document of the Snapshot %s, which is gone", name)
	}
	return nil
}

// plain looks at the repository with nothing but restic: it is whole, and holds what the Snapshots say and no more.
func (s *shop) plain(t *testing.T) {
	t.Helper()
	var snapshots storagev1alpha1.SnapshotList
	stage.Must(t, s.Client.List(t.Context(), &snapshots, client.InNamespace(s.Namespace)))
	want := map[string]string{}
	for _, o := range snapshots.Items {
		for _, c := range o.Status.Components {
			for _, stats := range c.ResticStats {
				if stats.Summary != nil && stats.Summary.ID != "" {
					want[stats.Summary.ID] = o.Name
				}
			}
		}
	}
	var have []struct {
		ID   string
		Tags []string
	}
	stage.Must(t, json.Unmarshal(s.restic(t, "snapshots", "--json"), &have))
	for _, snapshot := range have {
		if want[snapshot.ID] == "" {
			t.Errorf("restic holds the snapshot %.8s (%q), which no Snapshot tells of", snapshot.ID, snapshot.Tags)
		}
		delete(want, snapshot.ID)
	}
	for id, name := range want {
		t.Errorf("restic does not hold %.8s, of which Snapshot %s tells", id, name)
	}
	s.restic(t, "check")
}

// url is the repository, past the proxy.
func (s *shop) url() string {
	return fmt.Sprintf("s3:%s/%s/%s/%s/repository/v1/%s/dump", host.ServerURL, host.Bucket, s.Namespace, object.Directory, object.Session)
}

func (s *shop) restic(t *testing.T, args ...string) []byte {
	t.Helper()
	return stage.Restic(t, s.url(), password, args...)
}

// locks are the keys of locks in the bucket.
func (s *shop) locks(t *testing.T) []string {
	t.Helper()
	keys, err := s.Buckets.Keys(t.Context(), host.Bucket, s.Namespace+"/")
	stage.Must(t, err)
	return slices.DeleteFunc(keys, func(key string) bool { return !strings.Contains(key, "/locks/") })
}
