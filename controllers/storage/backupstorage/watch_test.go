// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupstorage

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/kube/kubetest"
)

func TestAStorageIsLookedAtOnceForManyRepositoriesAndAtOnceForOneThatGoes(t *testing.T) {
	repo := &storagev1alpha1.Repository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "repo"},
		Spec:       storagev1alpha1.RepositorySpec{StorageRef: metav1alpha1.ObjectReference{Namespace: "ops", Name: "storage"}},
	}
	going := repo.DeepCopy()
	going.DeletionTimestamp = new(metav1.Now())
	tell := byRepository()
	for sentence, c := range map[string]struct {
		happens func(*kubetest.Queue)
		want    time.Duration
	}{
		"one that comes": {func(w *kubetest.Queue) { tell.Create(t.Context(), event.CreateEvent{Object: repo}, w) }, afterRepository},
		"one that has grown": {
			func(w *kubetest.Queue) {
				tell.Update(t.Context(), event.UpdateEvent{ObjectOld: repo, ObjectNew: repo}, w)
			}, afterRepository},
		"one that is to go": {func(w *kubetest.Queue) {
			tell.Update(t.Context(), event.UpdateEvent{ObjectOld: repo, ObjectNew: going}, w)
		}, 0},
		"one that has gone": {func(w *kubetest.Queue) { tell.Delete(t.Context(), event.DeleteEvent{Object: repo}, w) }, 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := kubetest.NewQueue()
			c.happens(w)
			if got, asked := w.Asked[client.ObjectKey{Namespace: "ops", Name: "storage"}]; !asked || got != c.want {
				t.Errorf("it is looked at after %s, not %s: %v", got, c.want, w.Asked)
			}
		})
	}
}
