// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store/storetest"
)

var (
	noon = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	key  = client.ObjectKey{Namespace: "demo", Name: "repo"}
)

type house struct {
	t        *testing.T
	client   client.Client
	recorder *storetest.Recorder
	r        *Reconciler
}

func newHouse(t *testing.T, b *storetest.Backend, objects ...client.Object) *house {
	// A namespace that isn't there counts as one that is being deleted.
	objects = append(objects, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "demo"}})
	h := &house{t: t, client: storetest.Client(t, objects...), recorder: &storetest.Recorder{}}
	h.r = New(Deps{
		Client: h.client, Live: h.client, Backends: b.Find, Recorder: h.recorder,
		Clock: clocktesting.NewFakePassiveClock(noon), Mover: desired.Mover{Image: "mover:1"},
	})
	return h
}

func (h *house) pass() ctrl.Result {
	h.t.Helper()
	result, err := h.r.Reconcile(context.Background(), ctrl.Request{NamespacedName: key})
	if err != nil {
		h.t.Fatal(err)
	}
	return result
}

func (h *house) repository() *storagev1alpha1.Repository {
	h.t.Helper()
	r, found, err := kube.Get[storagev1alpha1.Repository](context.Background(), h.client, key.Namespace, key.Name)
	if err != nil {
		h.t.Fatal(err)
	}
	if !found {
		return nil
	}
	return r
}

func (h *house) expectEvents(want ...string) {
	h.t.Helper()
	if got := h.recorder.Take(); !slices.EqualFunc(got, want, strings.HasPrefix) {
		h.t.Errorf("events: got %q, want %q", got, want)
	}
}

func storage(change ...func(*storagev1alpha1.BackupStorage)) *storagev1alpha1.BackupStorage {
	s := &storagev1alpha1.BackupStorage{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "s3", UID: "storage"},
		Spec: storagev1alpha1.BackupStorageSpec{
			Storage: storagev1alpha1.Backend{Provider: storagev1alpha1.ProviderS3, S3: &storagev1alpha1.S3Spec{Bucket: "b"}},
		},
		Status: storagev1alpha1.BackupStorageStatus{Phase: storagev1alpha1.BackupStoragePhaseReady},
	}
	for _, c := range change {
		c(s)
	}
	return s
}

func repo(change ...func(*storagev1alpha1.Repository)) *storagev1alpha1.Repository {
	r := &storagev1alpha1.Repository{
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name, UID: "repo", Generation: 1},
		Spec:       storagev1alpha1.RepositorySpec{StorageRef: metav1alpha1.ObjectReference{Name: "s3"}, Path: "/dir"},
	}
	for _, c := range change {
		c(r)
	}
	return r
}

func snapshot(name string) *storagev1alpha1.Snapshot {
	return &storagev1alpha1.Snapshot{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: name, UID: types.UID(name)},
		Spec:       storagev1alpha1.SnapshotSpec{Repository: key.Name, Session: "full"},
		Status: storagev1alpha1.SnapshotStatus{
			Phase: storagev1alpha1.SnapshotPhaseSucceeded, SnapshotTime: ptr.To(metav1.NewTime(noon)),
			Components: map[string]storagev1alpha1.Component{"dump": {Path: "repository/v1/full/dump", SizeBytes: ptr.To[int64](2048), Integrity: ptr.To(true)}},
		},
	}
}

func TestARepositoryBecomesReadyOnceItsDocumentIsWritten(t *testing.T) {
	b := &storetest.Backend{}
	h := newHouse(t, b, storage(), repo())
	h.pass()
	r := h.repository()
	if r.Status.Phase != storagev1alpha1.RepositoryPhaseReady || *r.Status.SnapshotCount != 0 || r.Status.Size != "0 B" || r.Status.Integrity != nil {
		t.Errorf("status: %+v", r.Status)
	}
	if !strings.Contains(b.Content("dir/repository.yaml"), "path: /dir") {
		t.Errorf("objects: %v", b.Keys())
	}
	h.expectEvents("Normal RepositoryInitializationSucceeded")

	if err := h.client.Create(context.Background(), snapshot("s-1")); err != nil {
		t.Fatal(err)
	}
	h.pass()
	r = h.repository()
	if *r.Status.SnapshotCount != 1 || r.Status.Size != "2.000 KiB" || !*r.Status.Integrity || r.Status.LastBackupTime == nil ||
		!slices.Equal(r.Status.ComponentPaths, []string{"repository/v1/full/dump"}) || r.Status.RecentSnapshots[0].Name != "s-1" {
		t.Errorf("status: %+v", r.Status)
	}
	version := r.ResourceVersion
	h.pass()
	if b.Puts() != 1 || h.repository().ResourceVersion != version {
		t.Errorf("written though nothing changed: %d objects", b.Puts())
	}
	h.expectEvents()
}

func TestWhatAUserSeesWhenItDoesNotWork(t *testing.T) {
	for sentence, row := range map[string]struct {
		failure error
		objects []client.Object
		want    string
	}{
		"the storage is missing":        {nil, []client.Object{repo()}, "BackupStorage demo/s3 does not exist."},
		"the storage isn't Ready":       {nil, []client.Object{repo(), storage(func(s *storagev1alpha1.BackupStorage) { s.Status.Phase = "NotReady" })}, "BackupStorage demo/s3 is not ready yet."},
		"the storage is for others":     {nil, []client.Object{repo(func(r *storagev1alpha1.Repository) { r.Spec.StorageRef.Namespace = "other" }), storage(func(s *storagev1alpha1.BackupStorage) { s.Namespace = "other" })}, "BackupStorage other/s3 is not allowed here: its usage policy allows only its own namespace"},
		"the document can't be written": {&engine.Error{Class: engine.ClassDenied, Message: "read only"}, []client.Object{repo(), storage()}, "AccessDenied: read only."},
		"the path climbs":               {nil, []client.Object{repo(func(r *storagev1alpha1.Repository) { r.Spec.Path = "../up" }), storage()}, "spec.path: Invalid value"},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHouse(t, &storetest.Backend{Failure: row.failure}, row.objects...)
			if result := h.pass(); result.RequeueAfter != time.Minute {
				t.Errorf("looked at again in %v", result.RequeueAfter)
			}
			r := h.repository()
			if r.Status.Phase != storagev1alpha1.RepositoryPhaseNotReady || !strings.HasPrefix(r.Status.Conditions[0].Message, row.want) {
				t.Errorf("status: %+v", r.Status)
			}
			h.expectEvents("Warning RepositoryInitializationFailed: " + row.want)
			h.pass()
			h.expectEvents()
		})
	}
}

func TestAPausedRepositoryIsLeftAlone(t *testing.T) {
	b := &storetest.Backend{}
	h := newHouse(t, b, storage(), repo(func(r *storagev1alpha1.Repository) { r.Spec.Paused = true }))
	h.pass()
	if h.repository().Status.Phase != "" || b.Puts() != 0 {
		t.Errorf("status: %+v", h.repository().Status)
	}
}

func TestDeletion(t *testing.T) {
	at := ptr.To(metav1.NewTime(noon))
	dead := func(policy storagev1alpha1.DeletionPolicy) *storagev1alpha1.Repository {
		return repo(func(r *storagev1alpha1.Repository) {
			r.Spec.DeletionPolicy, r.DeletionTimestamp, r.Finalizers = policy, at, []string{metav1alpha1.FinalizerCleanup}
		})
	}
	dying := func(when time.Time) *storagev1alpha1.BackupStorage {
		return storage(func(s *storagev1alpha1.BackupStorage) {
			s.DeletionTimestamp, s.Finalizers = ptr.To(metav1.NewTime(when)), []string{metav1alpha1.FinalizerCleanup}
		})
	}
	twin := repo(func(r *storagev1alpha1.Repository) { r.Name, r.UID, r.Spec.Path = "twin", "twin", "dir/" })
	const foreign = "dir/notes.txt dir2/repository.yaml metadata.yaml"
	for sentence, row := range map[string]struct {
		objects []client.Object
		failure error
		stays   bool
		keys    string
		events  []string
	}{
		"Delete keeps every byte":             {objects: []client.Object{dead("Delete"), storage()}},
		"Delete works without the storage":    {objects: []client.Object{dead("Delete")}},
		"WipeOut erases what is ours":         {objects: []client.Object{dead("WipeOut"), storage()}, keys: foreign, events: []string{"Normal BackupDataWipedOut"}},
		"WipeOut without the storage says so": {objects: []client.Object{dead("WipeOut")}, events: []string{"Warning BackupDataKept: BackupStorage demo/s3 is gone"}},
		"WipeOut spares a directory that another uses": {objects: []client.Object{dead("WipeOut"), storage(), twin},
			events: []string{"Warning BackupDataKept: Repository demo/twin keeps its backups in the same directory"}},
		"the policy of a storage that is being deleted rules": {objects: []client.Object{dead("WipeOut"), dying(noon)}},
		"a Repository that was deleted before its storage follows its own": {objects: []client.Object{dead("WipeOut"), dying(noon.Add(time.Minute))},
			keys: foreign, events: []string{"Normal BackupDataWipedOut"}},
		"WipeOut of a backend that is down waits and says how to go on": {objects: []client.Object{dead("WipeOut"), storage()}, stays: true,
			failure: &engine.Error{Class: engine.ClassUnreachable, Message: "no such host"},
			events:  []string{"Warning RepositoryInitializationFailed: The backup data can't be erased. BackendUnreachable: no such host."}},
	} {
		t.Run(sentence, func(t *testing.T) {
			b := &storetest.Backend{}
			for _, k := range []string{"metadata.yaml", "dir/repository.yaml", "dir/repository/v1/full/dump/config", "dir/snapshots/s-1.yaml", "dir/notes.txt", "dir2/repository.yaml"} {
				b.Set(k, "x")
			}
			all := strings.Join(b.Keys(), " ")
			h := newHouse(t, b, append(row.objects, snapshot("s-1"))...)
			b.Failure = row.failure
			for range 4 {
				h.pass()
			}
			if stays := h.repository() != nil; stays != row.stays {
				t.Errorf("stays: %t", stays)
			}
			if _, found, err := kube.Get[storagev1alpha1.Snapshot](context.Background(), h.client, "demo", "s-1"); err != nil || found {
				t.Errorf("the Snapshot is still there: %v", err)
			}
			want := row.keys
			if want == "" {
				want = all
			}
			if got := strings.Join(b.Keys(), " "); got != want {
				t.Errorf("left: %s", got)
			}
			h.expectEvents(row.events...)
		})
	}
}

func TestDataOnAVolumeIsErasedByAJob(t *testing.T) {
	r := repo(func(r *storagev1alpha1.Repository) {
		r.Spec.DeletionPolicy = storagev1alpha1.DeletionPolicyWipeOut
		r.DeletionTimestamp, r.Finalizers = ptr.To(metav1.NewTime(noon)), []string{metav1alpha1.FinalizerCleanup}
	})
	s := storage(func(s *storagev1alpha1.BackupStorage) {
		s.Spec.Storage = storagev1alpha1.Backend{Provider: storagev1alpha1.ProviderLocal, Local: &storagev1alpha1.LocalSpec{
			VolumeSource: metav1alpha1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/data"}}, MountPath: "/safe/data",
		}}
	})
	h := newHouse(t, &storetest.Backend{Volume: true}, r, s)
	h.pass()
	var jobs batchv1.JobList
	if err := h.client.List(context.Background(), &jobs); err != nil || len(jobs.Items) != 1 {
		t.Fatalf("jobs: %d, %v", len(jobs.Items), err)
	}
	job := &jobs.Items[0]
	if h.repository() == nil {
		t.Fatal("gone before its data")
	}
	job.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}}
	if err := h.client.Status().Update(context.Background(), job); err != nil {
		t.Fatal(err)
	}
	h.pass()
	if h.repository() != nil {
		t.Error("still there")
	}
	h.expectEvents("Normal BackupDataWipedOut")
}
