// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package configuration_test

import (
	"reflect"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/domain/invoker"
)

// batch is a BackupBatch of two targets that has everything, but nothing made for it yet.
type batch struct {
	configuration.Facts
	Batch corev1alpha1.BackupBatch
}

func (b batch) decide() configuration.Verdict {
	b.Invoker = invoker.Of(&b.Batch)
	return configuration.Decide(b.Facts)
}

func completeBatch() batch {
	one := complete()
	part := func(target string) corev1alpha1.BatchSessionTarget {
		s := session("daily", target+"-repo", "batch/"+target)
		return corev1alpha1.BatchSessionTarget{Name: target, Addon: s.Addon, Repositories: s.Repositories}
	}
	facts := one.Facts
	facts.Targets = map[string]configuration.Target{"web": {Found: true}, "db": {Found: true}}
	return batch{Facts: facts, Batch: corev1alpha1.BackupBatch{
		ObjectMeta: one.Configuration.ObjectMeta,
		Spec: corev1alpha1.BackupBatchSpec{
			Backends: one.Configuration.Spec.Backends,
			Targets: []corev1alpha1.BatchTarget{
				{Name: "web", AppRef: &metav1alpha1.TypedObjectReference{Kind: "Deployment", Name: "web"}},
				{Name: "db", AppRef: &metav1alpha1.TypedObjectReference{Kind: "StatefulSet", Name: "db"}},
			},
			Sessions: []corev1alpha1.BatchSession{{
				SessionConfig: one.Configuration.Spec.Sessions[0].SessionConfig,
				Targets:       []corev1alpha1.BatchSessionTarget{part("web"), part("db")},
			}},
		},
	}}
}

func TestDecideForABatch(t *testing.T) {
	both := []string{
		"ensure repository web-repo of Deployment/web in demo/s3", "ensure repository db-repo of StatefulSet/db in demo/s3", wantCronJob,
	}
	for sentence, row := range map[string]struct {
		change func(*batch)
		want   []string
		reason string
		ready  []string
	}{
		"with everything there, one first backup of all targets starts": {
			nil, append([]string{"phase Ready"}, append(both, "start first of daily")...), corev1alpha1.ReasonBackupBatchReady, nil},
		"a target that is missing is named with the place where it is written": {
			func(b *batch) { b.Targets["db"] = configuration.Target{} }, append([]string{"phase NotReady"}, both...),
			corev1alpha1.ReasonBackupBatchNotReady, []string{"Target StatefulSet demo/db does not exist: create it, or correct spec.targets[db].appRef."}},
		"a problem with one target's addon holds its session back": {
			func(b *batch) {
				b.AddonProblems = map[string][]string{"daily": {"Target db: Addon mysql-addon does not exist: install it."}}
			}, []string{"phase NotReady", both[0], both[1]}, corev1alpha1.ReasonBackupBatchNotReady, []string{"Target db: Addon mysql-addon"}},
		"a Secret that one target lacks is told": {
			func(b *batch) { b.Batch.Spec.Sessions[0].Targets[1].Repositories[0].EncryptionSecret = nil },
			[]string{"phase NotReady", both[0], both[1]}, corev1alpha1.ReasonBackupBatchNotReady, []string{"Repository db-repo has no encryptionSecret"}},
		"an older BackupConfiguration at one target's place wins": {
			func(b *batch) {
				b.Rivals = []configuration.Rival{{
					Location: configuration.Location{Storage: s3, Path: "batch/db"}, Kind: corev1alpha1.KindBackupConfiguration,
					Namespace: "demo", Name: "old", Repository: "old-repo", Created: metav1.NewTime(created.Add(-1)),
				}}
			}, []string{"phase Invalid"}, corev1alpha1.ReasonBackupBatchInvalid,
			[]string{`spec.sessions[daily].targets[db].repositories[db-repo].directory: "batch/db" is already used by BackupConfiguration demo/old`}},
		"paused, its schedule stops": {
			func(b *batch) { b.Batch.Spec.Paused = true },
			[]string{"phase Ready", both[0], both[1], `ensure cronjob of daily at "*/5 * * * *", suspended true`}, corev1alpha1.ReasonBackupBatchReady, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			b := completeBatch()
			if row.change != nil {
				row.change(&b)
			}
			verdict := b.decide()
			if got := summary(verdict); !reflect.DeepEqual(got, row.want) {
				t.Errorf("got  %q\nwant %q", got, row.want)
			}
			c := metav1alpha1.FindCondition(verdict.Status.Conditions, corev1alpha1.ConditionReady)
			if c == nil || c.Reason != row.reason {
				t.Fatalf("Ready is %+v, want reason %s", c, row.reason)
			}
			for _, want := range row.ready {
				if !strings.Contains(c.Message, want) {
					t.Errorf("Ready says %q, not %q", c.Message, want)
				}
			}
		})
	}
}

func TestStatusOfABatch(t *testing.T) {
	b := completeBatch()
	b.Targets["db"] = configuration.Target{}
	b.decide().Status.Write(&b.Batch)
	status := b.Batch.Status.DeepCopy()
	want := []corev1alpha1.ResourceFoundStatus{
		{TypedObjectReference: metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: "Deployment", Namespace: "demo", Name: "web"}, Found: ptr.To(true)},
		{TypedObjectReference: metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: "StatefulSet", Namespace: "demo", Name: "db"}, Found: ptr.To(false)},
	}
	if !reflect.DeepEqual(status.Targets, want) {
		t.Errorf("targets are %+v", status.Targets)
	}
	if len(status.Backends) != 1 || len(status.Repositories) != 2 || len(status.Sessions) != 1 || status.Sessions[0].NextSchedule == "" {
		t.Errorf("status is %+v", status)
	}
	if b.decide().Status.Write(&b.Batch); !reflect.DeepEqual(&b.Batch.Status, status) {
		t.Error("a second pass over the same facts changes the status")
	}
}

func TestDeleteABatch(t *testing.T) {
	b := completeBatch()
	b.Batch.Spec.Sessions[0].Targets[0].Repositories[0].DeletionPolicy = corev1alpha1.RepositoryDeletionPolicyWipeOut
	b.Batch.Spec.Sessions[0].Targets[1].Repositories[0].DeletionPolicy = corev1alpha1.RepositoryDeletionPolicyRetain
	of := func(kind, name string) storagev1alpha1.Repository {
		return storagev1alpha1.Repository{
			ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: name + "-repo"},
			Spec: storagev1alpha1.RepositorySpec{StorageRef: s3, Path: "batch/" + name,
				AppRef: metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: kind, Namespace: "demo", Name: name}},
		}
	}
	facts := configuration.DeletionFacts{Invoker: invoker.Of(&b.Batch), Repositories: map[string]storagev1alpha1.Repository{
		"web-repo": of("Deployment", "web"), "db-repo": of("StatefulSet", "db"),
	}}
	if got, want := configuration.Delete(facts), []configuration.DropRepository{{Name: "web-repo", WipeOut: true}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	facts.Repositories["web-repo"] = of("StatefulSet", "db")
	if got := configuration.Delete(facts); got != nil {
		t.Errorf("a Repository of another target went: %+v", got)
	}
}
