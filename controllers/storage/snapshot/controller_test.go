// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package snapshot

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store/storetest"
)

var (
	noon = metav1.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	key  = client.ObjectKey{Namespace: "demo", Name: "s-1"}
)

const document = "dir/snapshots/s-1.yaml"

func snapshot(change ...func(*storagev1alpha1.Snapshot)) *storagev1alpha1.Snapshot {
	s := &storagev1alpha1.Snapshot{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: key.Namespace, Name: key.Name, UID: "s-1",
			DeletionTimestamp: &noon, Finalizers: []string{metav1alpha1.FinalizerCleanup},
		},
		Spec: storagev1alpha1.SnapshotSpec{Repository: "repo", DeletionPolicy: storagev1alpha1.DeletionPolicyWipeOut},
		Status: storagev1alpha1.SnapshotStatus{Components: map[string]storagev1alpha1.Component{
			"dump": {ResticStats: []storagev1alpha1.ResticStats{{Summary: &storagev1alpha1.ResticSummary{ID: "abc"}}}},
		}},
	}
	for _, c := range change {
		c(s)
	}
	return s
}

func forgotten(s *storagev1alpha1.Snapshot) {
	s.Annotations = map[string]string{metav1alpha1.AnnotationForgotten: "true"}
}

func repo(deleted bool) *storagev1alpha1.Repository {
	r := &storagev1alpha1.Repository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "repo"},
		Spec:       storagev1alpha1.RepositorySpec{StorageRef: metav1alpha1.ObjectReference{Name: "s3"}, Path: "/dir"},
	}
	if deleted {
		r.DeletionTimestamp, r.Finalizers = ptr.To(noon), []string{metav1alpha1.FinalizerCleanup}
	}
	return r
}

func storage() *storagev1alpha1.BackupStorage {
	return &storagev1alpha1.BackupStorage{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "s3"},
		Spec:       storagev1alpha1.BackupStorageSpec{Storage: storagev1alpha1.Backend{Provider: "s3", S3: &storagev1alpha1.S3Spec{Bucket: "b"}}},
	}
}

func TestDeletion(t *testing.T) {
	for sentence, row := range map[string]struct {
		objects []client.Object
		failure error
		// stays and documented say whether the Snapshot and its document are left.
		stays, documented bool
		events            []string
	}{
		"Delete removes the object only": {documented: true, objects: []client.Object{
			snapshot(func(s *storagev1alpha1.Snapshot) { s.Spec.DeletionPolicy = "Delete" }), repo(false), storage()}},
		"WipeOut of forgotten data removes the document": {objects: []client.Object{snapshot(forgotten), repo(false), storage()}},
		"WipeOut of a Snapshot that stored nothing removes the document": {objects: []client.Object{
			snapshot(func(s *storagev1alpha1.Snapshot) { s.Status.Components = nil }), repo(false), storage()}},
		"WipeOut of data waits for the next backup": {objects: []client.Object{snapshot(), repo(false), storage()},
			stays: true, documented: true, events: []string{"Normal SnapshotCleanupPending"}},
		"a paused Snapshot is left alone": {objects: []client.Object{
			snapshot(forgotten, func(s *storagev1alpha1.Snapshot) { s.Spec.Paused = true }), repo(false), storage()}, stays: true, documented: true},
		"with its Repository it goes at once":    {objects: []client.Object{snapshot(), repo(true), storage()}, documented: true},
		"without its Repository it goes at once": {objects: []client.Object{snapshot(), storage()}, documented: true},
		"without its storage it goes at once":    {objects: []client.Object{snapshot(), repo(false)}, documented: true},
		"a backend that is down is told once": {objects: []client.Object{snapshot(forgotten), repo(false), storage()},
			failure: &engine.Error{Class: engine.ClassUnreachable, Message: "no such host"}, stays: true, documented: true,
			events: []string{"Warning SnapshotCleanupFailed: The copy of this Snapshot in the backend can't be removed. BackendUnreachable: no such host."}},
	} {
		t.Run(sentence, func(t *testing.T) {
			b := &storetest.Backend{Failure: row.failure}
			b.Set(document, "kind: Snapshot")
			c, recorder := storetest.Client(t, row.objects...), &storetest.Recorder{}
			r := New(Deps{Client: c, Live: c, Backends: b.Find, Recorder: recorder})
			for range 3 {
				if _, err := r.Reconcile(context.Background(), ctrl.Request{NamespacedName: key}); err != nil {
					t.Fatal(err)
				}
			}
			_, stays, err := kube.Get[storagev1alpha1.Snapshot](context.Background(), c, key.Namespace, key.Name)
			if err != nil || stays != row.stays {
				t.Errorf("stays: %t, %v", stays, err)
			}
			if documented := b.Content(document) != ""; documented != row.documented {
				t.Errorf("documented: %t", documented)
			}
			if !slices.EqualFunc(recorder.Events, row.events, strings.HasPrefix) {
				t.Errorf("events: %q", recorder.Events)
			}
		})
	}
}

func TestASnapshotGetsTheFinalizer(t *testing.T) {
	c := storetest.Client(t, &storagev1alpha1.Snapshot{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}})
	r := New(Deps{Client: c, Live: c, Backends: (&storetest.Backend{}).Find, Recorder: &storetest.Recorder{}})
	if _, err := r.Reconcile(context.Background(), ctrl.Request{NamespacedName: key}); err != nil {
		t.Fatal(err)
	}
	s, found, err := kube.Get[storagev1alpha1.Snapshot](context.Background(), c, key.Namespace, key.Name)
	if err != nil || !found || !slices.Contains(s.Finalizers, metav1alpha1.FinalizerCleanup) {
		t.Errorf("found %t, %v, %v", found, err, s)
	}
}

func TestADeletedRepositoryWakesTheSnapshotsThatWait(t *testing.T) {
	standing := snapshot(func(s *storagev1alpha1.Snapshot) { s.Name, s.DeletionTimestamp = "standing", nil })
	c := storetest.Client(t, snapshot(), standing)
	r := New(Deps{Client: c, Live: c, Backends: (&storetest.Backend{}).Find, Recorder: &storetest.Recorder{}})
	if got := r.waiting(context.Background(), repo(true)); len(got) != 1 || got[0].NamespacedName != key {
		t.Errorf("woken: %v", got)
	}
	if got := r.waiting(context.Background(), repo(false)); len(got) != 0 {
		t.Errorf("woken by a Repository that stays: %v", got)
	}
}
