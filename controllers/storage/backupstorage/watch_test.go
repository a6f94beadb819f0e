// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupstorage

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// work notes what is asked for, and how soon.
type work struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]
	asked map[client.ObjectKey]time.Duration
}

func (w *work) Add(request reconcile.Request) { w.AddAfter(request, 0) }

func (w *work) AddAfter(request reconcile.Request, after time.Duration) {
	w.asked[request.NamespacedName] = after
}

func TestAStorageIsLookedAtOnceForManyRepositoriesAndAtOnceForOneThatGoes(t *testing.T) {
	repo := &storagev1alpha1.Repository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "repo"},
		Spec:       storagev1alpha1.RepositorySpec{StorageRef: metav1alpha1.ObjectReference{Namespace: "ops", Name: "storage"}},
	}
	going := repo.DeepCopy()
	going.DeletionTimestamp = new(metav1.Now())
	tell := byRepository()
	for sentence, c := range map[string]struct {
		happens func(*work)
		want    time.Duration
	}{
		"one that comes": {func(w *work) { tell.Create(t.Context(), event.CreateEvent{Object: repo}, w) }, afterRepository},
		"one that has grown": {
			func(w *work) { tell.Update(t.Context(), event.UpdateEvent{ObjectOld: repo, ObjectNew: repo}, w) }, afterRepository},
		"one that is to go": {func(w *work) { tell.Update(t.Context(), event.UpdateEvent{ObjectOld: repo, ObjectNew: going}, w) }, 0},
		"one that has gone": {func(w *work) { tell.Delete(t.Context(), event.DeleteEvent{Object: repo}, w) }, 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := &work{asked: map[client.ObjectKey]time.Duration{}}
			c.happens(w)
			if got, asked := w.asked[client.ObjectKey{Namespace: "ops", Name: "storage"}]; !asked || got != c.want {
				t.Errorf("it is looked at after %s, not %s: %v", got, c.want, w.asked)
			}
		})
	}
}
