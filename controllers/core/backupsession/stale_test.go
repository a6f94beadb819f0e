// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/kube/store/storetest"
)

// What a run has just made, a cache that is behind doesn't know, or knows without its status.
func TestACacheThatIsBehindIsNotBelieved(t *testing.T) {
	name := session.SnapshotName("run", "repo")
	snapshot := func(components int32) client.Object {
		return &storagev1alpha1.Snapshot{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "demo", Name: name, Labels: map[string]string{metav1alpha1.LabelRepoName: naming.LabelValue("repo")},
			},
			Spec:   storagev1alpha1.SnapshotSpec{Repository: "repo", BackupSession: "run", Session: "daily"},
			Status: storagev1alpha1.SnapshotStatus{TotalComponents: components},
		}
	}
	repo := &storagev1alpha1.Repository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "repo"},
		Spec:       storagev1alpha1.RepositorySpec{StorageRef: metav1alpha1.ObjectReference{Name: "s3"}},
	}
	for sentence, c := range map[string]struct {
		cached, live []client.Object
		want         int32
	}{
		"the cache has no Snapshot yet":          {nil, []client.Object{snapshot(1)}, 1},
		"the cache has it without its status":    {[]client.Object{snapshot(0)}, []client.Object{snapshot(1)}, 1},
		"the cache has it, and isn't gone round": {[]client.Object{snapshot(2)}, nil, 2},
		"it is gone":                             {nil, nil, -1},
		"it is gone, and the cache has the rest": {[]client.Object{snapshot(0)}, nil, -1},
	} {
		t.Run(sentence, func(t *testing.T) {
			r := New(Deps{
				Client: storetest.Client(t, append(c.cached, repo.DeepCopy())...), Live: storetest.Client(t, c.live...),
				Backends: (&storetest.Backend{}).Find,
			})
			g := &gathered{places: map[string]place{}}
			g.facts.Session = corev1alpha1.BackupSession{
				ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "run"},
				Spec:       corev1alpha1.BackupSessionSpec{Session: "daily"},
				Status: corev1alpha1.BackupSessionStatus{Conditions: []metav1alpha1.Condition{
					{Type: corev1alpha1.ConditionSnapshotsEnsured, Status: metav1.ConditionTrue},
				}},
			}
			fact := session.Repository{Name: "repo"}
			if err := r.gatherRepository(t.Context(), g, &session.Unit{}, &fact); err != nil {
				t.Fatal(err)
			}
			got := int32(-1)
			if fact.Snapshot != nil {
				got = fact.Snapshot.Status.TotalComponents
			}
			if got != c.want {
				t.Errorf("the Snapshot has %d components, want %d", got, c.want)
			}
		})
	}
}
