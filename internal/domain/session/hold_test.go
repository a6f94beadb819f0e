// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"maps"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

func restoreOf(namespace string, from corev1alpha1.RestoreDataSource) corev1alpha1.RestoreSession {
	return corev1alpha1.RestoreSession{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "back"}, Spec: corev1alpha1.RestoreSessionSpec{DataSource: &from},
	}
}

func TestReads(t *testing.T) {
	repo := &storagev1alpha1.Repository{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "repo"}}
	snapshots := []storagev1alpha1.Snapshot{{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "s1"}}}
	for sentence, c := range map[string]struct {
		restore corev1alpha1.RestoreSession
		want    bool
	}{
		"it names the Repository":                       {restoreOf("shop", corev1alpha1.RestoreDataSource{Repository: "repo", Snapshot: "latest"}), true},
		"it names a Snapshot alone":                     {restoreOf("shop", corev1alpha1.RestoreDataSource{Snapshot: "s1"}), true},
		"it names a Snapshot of another Repository":     {restoreOf("shop", corev1alpha1.RestoreDataSource{Snapshot: "s2"}), false},
		"it names another Repository":                   {restoreOf("shop", corev1alpha1.RestoreDataSource{Repository: "other", Snapshot: "s1"}), false},
		"its own namespace is another one":              {restoreOf("lab", corev1alpha1.RestoreDataSource{Repository: "repo", Snapshot: "s1"}), false},
		"it reaches over from another namespace":        {restoreOf("lab", corev1alpha1.RestoreDataSource{Namespace: "shop", Repository: "repo"}), true},
		"it has no dataSource, as the API would refuse": {corev1alpha1.RestoreSession{}, false},
	} {
		if got := Reads(&c.restore, repo, snapshots); got != c.want {
			t.Errorf("%s: got %v", sentence, got)
		}
	}
}

func TestHolds(t *testing.T) {
	began := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	snapshot := func(name string, age time.Duration, phase storagev1alpha1.SnapshotPhase) storagev1alpha1.Snapshot {
		at := metav1.NewTime(began.Add(-age))
		return storagev1alpha1.Snapshot{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
			Status:     storagev1alpha1.SnapshotStatus{Phase: phase, SnapshotTime: &at, VerificationStatus: storagev1alpha1.VerificationStatusNotVerified},
		}
	}
	history := func() []storagev1alpha1.Snapshot {
		return []storagev1alpha1.Snapshot{
			snapshot("old", 48*time.Hour, storagev1alpha1.SnapshotPhaseSucceeded),
			snapshot("new", 24*time.Hour, storagev1alpha1.SnapshotPhaseSucceeded),
			snapshot("broken", time.Hour, storagev1alpha1.SnapshotPhaseFailed),
		}
	}
	for sentence, c := range map[string]struct {
		change  func([]storagev1alpha1.Snapshot)
		readers map[string]string
		want    map[string]string
	}{
		"nobody reads anything": {want: map[string]string{}},
		"a restore reads one": {
			readers: map[string]string{"old": "lab/back", "another": "lab/back"},
			want:    map[string]string{"old": "RestoreSession lab/back reads it"},
		},
		"a verification reads one": {
			change: func(list []storagev1alpha1.Snapshot) { list[0].Status.VerificationSession = "verify-1" },
			want:   map[string]string{"old": "BackupVerificationSession verify-1 reads it"},
		},
		"a verification that has ended reads nothing": {
			change: func(list []storagev1alpha1.Snapshot) {
				list[0].Status.VerificationSession, list[0].Status.VerificationStatus = "verify-1", storagev1alpha1.VerificationStatusVerified
			},
			want: map[string]string{},
		},
		"a user keeps one": {
			change: func(list []storagev1alpha1.Snapshot) {
				list[0].Annotations = map[string]string{metav1alpha1.AnnotationKeep: "the audit of 2026"}
				list[2].Annotations = map[string]string{metav1alpha1.AnnotationKeep: ""}
			},
			want: map[string]string{"old": "annotation kubestash.com/keep: the audit of 2026", "broken": "annotation kubestash.com/keep"},
		},
	} {
		list := history()
		if c.change != nil {
			c.change(list)
		}
		if got := Holds(list, c.readers); !maps.Equal(got, c.want) {
			t.Errorf("%s: got %v", sentence, got)
		}
	}
}
