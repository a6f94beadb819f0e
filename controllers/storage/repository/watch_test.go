// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	rule "kubestash.com/kubestash/internal/domain/snapshot"
	"kubestash.com/kubestash/internal/kube/kubetest"
)

func TestARepositoryIsCountedOnceForWhatHappensToItsSnapshotsInARow(t *testing.T) {
	begun := &storagev1alpha1.Snapshot{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "snapshot"}, Spec: storagev1alpha1.SnapshotSpec{Repository: "repo"},
	}
	ended := begun.DeepCopy()
	rule.Record(&ended.Status, nil, metav1.Now())
	going := begun.DeepCopy()
	going.DeletionTimestamp = new(metav1.Now())
	nobodys := begun.DeepCopy()
	nobodys.Spec.Repository = ""
	tell := snapshots()
	for sentence, c := range map[string]struct {
		happens func(*kubetest.Queue)
		want    time.Duration
	}{
		"one that begins can wait, as it may end soon": {func(w *kubetest.Queue) { tell.Create(t.Context(), event.CreateEvent{Object: begun}, w) }, afterStart},
		"so can what it tells of its progress": {
			func(w *kubetest.Queue) {
				tell.Update(t.Context(), event.UpdateEvent{ObjectOld: begun, ObjectNew: begun}, w)
			}, afterStart},
		"one that has ended counts in a moment": {
			func(w *kubetest.Queue) {
				tell.Update(t.Context(), event.UpdateEvent{ObjectOld: begun, ObjectNew: ended}, w)
			}, afterChange},
		"so does one that is to go": {
			func(w *kubetest.Queue) {
				tell.Update(t.Context(), event.UpdateEvent{ObjectOld: begun, ObjectNew: going}, w)
			}, afterChange},
		"and one that has gone, whatever became of it": {
			func(w *kubetest.Queue) { tell.Delete(t.Context(), event.DeleteEvent{Object: begun}, w) }, afterChange},
		"one that was there when the operator started": {
			func(w *kubetest.Queue) {
				tell.Create(t.Context(), event.CreateEvent{Object: ended, IsInInitialList: true}, w)
			}, afterChange},
		"one of no Repository is nobody's business": {func(w *kubetest.Queue) { tell.Create(t.Context(), event.CreateEvent{Object: nobodys}, w) }, 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := kubetest.NewQueue()
			c.happens(w)
			if got := w.Asked[client.ObjectKey{Namespace: "demo", Name: "repo"}]; got != c.want || len(w.Asked) > 1 {
				t.Errorf("it is counted after %s, not %s: %v", got, c.want, w.Asked)
			}
		})
	}
}
