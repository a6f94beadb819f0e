// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupstorage

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

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store/storetest"
	"kubestash.com/kubestash/internal/task"
)

const canary = "canary-secret-value-4711"

var noon = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// house is a cluster with one BackupStorage, passes by hand.
type house struct {
	t        *testing.T
	client   client.Client
	backend  *storetest.Backend
	recorder *storetest.Recorder
	clock    *clocktesting.FakePassiveClock
	r        *Reconciler
}

var key = client.ObjectKey{Namespace: "demo", Name: "s3-storage"}

func newHouse(t *testing.T, b *storetest.Backend, objects ...client.Object) *house {
	h := &house{
		t: t, client: storetest.Client(t, objects...), backend: b, recorder: &storetest.Recorder{},
		clock: clocktesting.NewFakePassiveClock(noon),
	}
	h.r = New(Deps{
		Client: h.client, Live: h.client, Backends: b.Find, Recorder: h.recorder, Clock: h.clock, Mover: desired.Mover{Image: "mover:1"}, Version: "v1",
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

func (h *house) storage() *storagev1alpha1.BackupStorage {
	h.t.Helper()
	s, found, err := kube.Get[storagev1alpha1.BackupStorage](context.Background(), h.client, key.Namespace, key.Name)
	if err != nil {
		h.t.Fatal(err)
	}
	if !found {
		return nil
	}
	return s
}

func (h *house) do(what func(ctx context.Context, c client.Client) error) {
	h.t.Helper()
	if err := what(context.Background(), h.client); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) expectEvents(want ...string) {
	h.t.Helper()
	got := h.recorder.Take()
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		h.t.Errorf("events: got %q, want %q", got, want)
	}
}

func s3Storage(change ...func(*storagev1alpha1.BackupStorage)) *storagev1alpha1.BackupStorage {
	s := &storagev1alpha1.BackupStorage{
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name, UID: "storage", Generation: 1},
		Spec: storagev1alpha1.BackupStorageSpec{
			Storage: storagev1alpha1.Backend{Provider: storagev1alpha1.ProviderS3, S3: &storagev1alpha1.S3Spec{Bucket: "b", SecretName: "s3-secret"}},
		},
	}
	for _, c := range change {
		c(s)
	}
	return s
}

func localStorage() *storagev1alpha1.BackupStorage {
	return s3Storage(func(s *storagev1alpha1.BackupStorage) {
		s.Spec.Storage = storagev1alpha1.Backend{Provider: storagev1alpha1.ProviderLocal, Local: &storagev1alpha1.LocalSpec{
			VolumeSource: metav1alpha1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/data"}}, MountPath: "/safe/data",
		}}
		s.Spec.RuntimeSettings.Pod = &metav1alpha1.PodRuntimeSettings{SecurityContext: &corev1.PodSecurityContext{RunAsUser: ptr.To[int64](1000)}}
	})
}

func secret() *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "s3-secret"},
		Data:       map[string][]byte{"AWS_ACCESS_KEY_ID": []byte("id-of-someone"), "AWS_SECRET_ACCESS_KEY": []byte(canary)},
	}
}

func repo(name string) *storagev1alpha1.Repository {
	return &storagev1alpha1.Repository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: name, UID: types.UID("uid-" + name)},
		Spec:       storagev1alpha1.RepositorySpec{StorageRef: metav1alpha1.ObjectReference{Name: key.Name}, Path: "/" + name},
		Status:     storagev1alpha1.RepositoryStatus{Size: "1.000 MiB", SizeBytes: ptr.To[int64](1 << 20)},
	}
}

func TestAStorageBecomesReadyAndIsLeftAlone(t *testing.T) {
	h := newHouse(t, &storetest.Backend{}, s3Storage(), secret(), repo("one"))
	result := h.pass()
	s := h.storage()
	if s.Status.Phase != storagev1alpha1.BackupStoragePhaseReady || s.Status.TotalSize != "1024.000 KiB" || len(s.Status.Repositories) != 1 {
		t.Errorf("status: %+v", s.Status)
	}
	if result.RequeueAfter != 10*time.Minute || !slices.Equal(s.Finalizers, []string{metav1alpha1.FinalizerCleanup}) {
		t.Errorf("result %v, finalizers %v", result, s.Finalizers)
	}
	if content := h.backend.Content("metadata.yaml"); !strings.Contains(content, "kind: BackendMeta") || !strings.Contains(content, "path: /one") {
		t.Errorf("document:\n%s", content)
	}
	h.expectEvents("Normal BackendSecretAvailable", "Normal BackendInitializationSucceeded")

	version := s.ResourceVersion
	h.clock.SetTime(noon.Add(4 * time.Minute))
	if result := h.pass(); result.RequeueAfter != 6*time.Minute {
		t.Errorf("next look in %v", result.RequeueAfter)
	}
	h.clock.SetTime(noon.Add(11 * time.Minute))
	h.pass()
	if h.storage().ResourceVersion != version || h.backend.Puts() != 1 {
		t.Errorf("something was written though nothing changed: %d objects", h.backend.Puts())
	}
	h.expectEvents()
}

func TestTheDocumentIsMergedNeverReplaced(t *testing.T) {
	b := &storetest.Backend{}
	b.Set("metadata.yaml", `apiVersion: config.kubestash.com/v1alpha1
kind: BackendMeta
creationTimestamp: "2020-01-01T00:00:00Z"
repositories:
- {name: kept, namespace: other, path: kept}
- {name: gone, namespace: other, path: gone}
`)
	b.Set("kept/repository.yaml", "kind: Repository")
	h := newHouse(t, b, s3Storage(), secret(), repo("one"))
	h.pass()
	content := b.Content("metadata.yaml")
	for part, want := range map[string]bool{"2020-01-01": true, "name: kept": true, "name: one": true, "name: gone": false, "operatorVersion: v1": true} {
		if strings.Contains(content, part) != want {
			t.Errorf("%q in the document: want %t\n%s", part, want, content)
		}
	}
	h.do(func(ctx context.Context, c client.Client) error { return c.Create(ctx, repo("two")) })
	h.pass()
	if !strings.Contains(b.Content("metadata.yaml"), "name: two") {
		t.Error("a new Repository waits for the next look")
	}
}

func TestSomebodyElsesDocumentIsLeftAlone(t *testing.T) {
	b := &storetest.Backend{}
	b.Set("metadata.yaml", "precious: true\n")
	h := newHouse(t, b, s3Storage(), secret())
	h.pass()
	if h.storage().Status.Phase != storagev1alpha1.BackupStoragePhaseNotReady || b.Content("metadata.yaml") != "precious: true\n" {
		t.Errorf("phase %s, document %q", h.storage().Status.Phase, b.Content("metadata.yaml"))
	}
}

func TestWhatAUserSeesWhenItDoesNotWork(t *testing.T) {
	denied := &engine.Error{Class: engine.ClassDenied, Message: "the key id-of-someone with " + canary + " is not known"}
	for sentence, row := range map[string]struct {
		backend *storetest.Backend
		objects []client.Object
		want    string
	}{
		"the Secret is missing":     {&storetest.Backend{}, []client.Object{s3Storage()}, "Secret demo/s3-secret does not exist."},
		"the Secret lacks a key":    {&storetest.Backend{}, []client.Object{s3Storage(), &corev1.Secret{ObjectMeta: secret().ObjectMeta, Data: map[string][]byte{"AWS_ACCESS_KEY_ID": []byte("x")}}}, "Secret demo/s3-secret has no value for AWS_SECRET_ACCESS_KEY."},
		"the credentials are wrong": {&storetest.Backend{Failure: denied}, []client.Object{s3Storage(), secret()}, "AccessDenied: the key *** with *** is not known."},
		"the provider is unknown":   {&storetest.Backend{}, []client.Object{s3Storage(func(s *storagev1alpha1.BackupStorage) { s.Spec.Storage.Provider = "floppy" })}, `spec.storage.provider: Invalid value: "floppy"`},
		"the section is missing":    {&storetest.Backend{}, []client.Object{s3Storage(func(s *storagev1alpha1.BackupStorage) { s.Spec.Storage.S3 = nil })}, "spec.storage.s3: Required value"},
		"a field is missing":        {&storetest.Backend{}, []client.Object{s3Storage(func(s *storagev1alpha1.BackupStorage) { s.Spec.Storage.S3.Bucket = "" })}, "bucket is needed"},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHouse(t, row.backend, row.objects...)
			if result := h.pass(); result.RequeueAfter != time.Minute {
				t.Errorf("looked at again in %v", result.RequeueAfter)
			}
			s := h.storage()
			text := ""
			for _, c := range s.Status.Conditions {
				text += c.Message + "\n"
			}
			if s.Status.Phase != storagev1alpha1.BackupStoragePhaseNotReady || !strings.Contains(text, row.want) {
				t.Errorf("%s: %s", s.Status.Phase, text)
			}
			if events := strings.Join(h.recorder.Take(), "\n"); !strings.Contains(events, "Warning ") || !strings.Contains(events, row.want) {
				t.Errorf("events: %s", events)
			} else if strings.Contains(text+events, canary) {
				t.Error("the Secret's value is told")
			}
			version := s.ResourceVersion
			h.clock.SetTime(noon.Add(time.Minute))
			h.pass()
			if h.storage().ResourceVersion != version {
				t.Error("the same failure is written again")
			}
			h.expectEvents()
		})
	}
}

func TestASecretThatIsMendedIsNoticed(t *testing.T) {
	h := newHouse(t, &storetest.Backend{}, s3Storage())
	h.pass()
	h.recorder.Take()
	h.do(func(ctx context.Context, c client.Client) error { return c.Create(ctx, secret()) })
	h.clock.SetTime(noon.Add(time.Minute))
	h.pass()
	if h.storage().Status.Phase != storagev1alpha1.BackupStoragePhaseReady {
		t.Errorf("status: %+v", h.storage().Status)
	}
	h.expectEvents("Normal BackendSecretAvailable", "Normal BackendInitializationSucceeded")
}

func TestAWriteThatFailsMakesItNotReady(t *testing.T) {
	b := &storetest.Backend{}
	h := newHouse(t, b, s3Storage(), secret())
	h.pass()
	b.Failure = &engine.Error{Class: engine.ClassUnreachable, Message: "no such host"}
	h.recorder.Take()
	h.clock.SetTime(noon.Add(11 * time.Minute))
	h.pass()
	if h.storage().Status.Phase != storagev1alpha1.BackupStoragePhaseNotReady {
		t.Error("lost access doesn't show")
	}
	h.expectEvents("Warning BackendInitializationFailed: BackendUnreachable: no such host.")
}

func (h *house) finishJob(name string, report task.Report) {
	h.t.Helper()
	message, err := task.EncodeReport(report)
	if err != nil {
		h.t.Fatal(err)
	}
	h.do(func(ctx context.Context, c client.Client) error {
		job, _, err := kube.Get[batchv1.Job](ctx, c, "demo", name)
		if err != nil {
			return err
		}
		kind := batchv1.JobComplete
		if !report.Succeeded {
			kind = batchv1.JobFailed
		}
		job.Status.Conditions = []batchv1.JobCondition{{Type: kind, Status: corev1.ConditionTrue}}
		if err := c.Status().Update(ctx, job); err != nil {
			return err
		}
		return c.Create(ctx, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: name + "-x", Labels: map[string]string{batchv1.JobNameLabel: name}},
			Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
				Name: metav1alpha1.ContainerKubeStash, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Message: message}},
			}}},
		})
	})
}

func (h *house) job(name string) *batchv1.Job {
	h.t.Helper()
	job, found, err := kube.Get[batchv1.Job](context.Background(), h.client, "demo", name)
	if err != nil || !found {
		h.t.Fatalf("job %s: found %t, %v", name, found, err)
	}
	return job
}

func TestAVolumeIsInitialisedByAJob(t *testing.T) {
	for sentence, row := range map[string]struct {
		report task.Report
		phase  storagev1alpha1.BackupStoragePhase
		event  string
	}{
		"it can be written": {task.Report{Version: task.Version, Succeeded: true}, storagev1alpha1.BackupStoragePhaseReady, "Normal BackendInitializationSucceeded"},
		"it is full": {task.Report{Version: task.Version, Class: engine.ClassStorageFull, Message: "no space left on device"},
			storagev1alpha1.BackupStoragePhaseNotReady, "Warning BackendInitializationFailed: NoSpaceLeft: no space left on device."},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := newHouse(t, &storetest.Backend{Volume: true}, localStorage())
			h.pass()
			h.pass()
			job := h.job("init-s3-storage")
			pod := job.Spec.Template.Spec
			if job.Labels[metav1alpha1.LabelComponent] != metav1alpha1.JobComponentInitializer || *pod.SecurityContext.RunAsUser != 1000 || *pod.AutomountServiceAccountToken {
				t.Errorf("job: %+v", job)
			}
			if !slices.ContainsFunc(pod.Containers[0].VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == "/safe/data" }) {
				t.Errorf("mounts: %v", pod.Containers[0].VolumeMounts)
			}
			s, found, err := kube.Get[corev1.Secret](context.Background(), h.client, "demo", "init-s3-storage")
			if err != nil || !found || !metav1.IsControlledBy(s, job) || !strings.Contains(string(s.Data[task.FileName]), "metadata.yaml") {
				t.Errorf("secret: found %t, %v, %s", found, err, s.Data[task.FileName])
			}
			h.expectEvents()
			h.finishJob("init-s3-storage", row.report)
			h.pass()
			if h.storage().Status.Phase != row.phase {
				t.Errorf("status: %+v", h.storage().Status)
			}
			h.expectEvents(row.event)
		})
	}
}

func TestDeletion(t *testing.T) {
	deletedWith := func(policy storagev1alpha1.DeletionPolicy) func(*storagev1alpha1.BackupStorage) {
		return func(s *storagev1alpha1.BackupStorage) {
			s.Spec.DeletionPolicy = policy
			s.Finalizers = []string{metav1alpha1.FinalizerCleanup}
			s.DeletionTimestamp = ptr.To(metav1.NewTime(noon))
			s.Generation = 2
		}
	}
	bucket := func() *storetest.Backend {
		b := &storetest.Backend{}
		for _, k := range []string{"metadata.yaml", "one/repository.yaml", "one/snapshots/s.yaml", "one/repository/v1/full/dump/config",
			"old/repository.yaml", "old/repository/v1/x", "one/notes.txt", "one-more/repository.yaml", "holiday.jpg"} {
			b.Set(k, "x")
		}
		b.Set("metadata.yaml", "apiVersion: config.kubestash.com/v1alpha1\nkind: BackendMeta\nrepositories:\n- {name: old, namespace: demo, path: /old}\n")
		return b
	}
	const foreign = "holiday.jpg one-more/repository.yaml one/notes.txt"
	for sentence, row := range map[string]struct {
		policy  storagev1alpha1.DeletionPolicy
		secret  bool
		failure error
		gone    bool
		// keys is what is left in the backend; empty for all.
		keys  string
		event string
	}{
		"Delete keeps every byte":                      {policy: "Delete", secret: true, gone: true},
		"Delete works without the Secret":              {policy: "Delete", gone: true},
		"Delete works when the backend is down":        {policy: "Delete", secret: true, gone: true, failure: &engine.Error{Class: engine.ClassUnreachable}},
		"no policy is Delete":                          {secret: true, gone: true},
		"WipeOut erases what is ours and nothing else": {policy: "WipeOut", secret: true, gone: true, keys: foreign, event: "Normal BackupDataWipedOut"},
		"WipeOut without the Secret says how to go on": {policy: "WipeOut", event: "Warning BackendInitializationFailed: The backup data can't be erased. AccessDenied: secret demo/s3-secret does not exist."},
		"WipeOut of a backend that is down waits": {policy: "WipeOut", secret: true, failure: &engine.Error{Class: engine.ClassUnreachable, Message: "no such host"},
			event: "Warning BackendInitializationFailed: The backup data can't be erased. BackendUnreachable: no such host."},
	} {
		t.Run(sentence, func(t *testing.T) {
			b := bucket()
			all := strings.Join(b.Keys(), " ")
			objects := []client.Object{s3Storage(deletedWith(row.policy)), repo("one"), namespaced("demo")}
			if row.secret {
				objects = append(objects, secret())
			}
			h := newHouse(t, b, objects...)
			b.Failure = row.failure
			for range 5 {
				h.pass()
			}
			if gone := h.storage() == nil; gone != row.gone {
				t.Errorf("gone: %t", gone)
			}
			b.Failure = nil
			want := row.keys
			if want == "" {
				want = all
			}
			if got := strings.Join(b.Keys(), " "); got != want {
				t.Errorf("left: %s", got)
			}
			var left storagev1alpha1.RepositoryList
			h.do(func(ctx context.Context, c client.Client) error { return c.List(ctx, &left) })
			if len(left.Items) != 0 {
				t.Error("the Repository is still there")
			}
			if row.event == "" {
				h.expectEvents()
			} else {
				h.expectEvents(row.event)
			}
		})
	}
}

func TestWhoStillUsesADeletedStorageIsTold(t *testing.T) {
	bc := &corev1alpha1.BackupConfiguration{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "bc"},
		Spec:       corev1alpha1.BackupConfigurationSpec{Backends: []corev1alpha1.BackendReference{{StorageRef: &metav1alpha1.ObjectReference{Name: key.Name}}}},
	}
	h := newHouse(t, &storetest.Backend{}, secret(), bc, s3Storage(func(s *storagev1alpha1.BackupStorage) {
		s.Finalizers, s.DeletionTimestamp, s.Generation = []string{metav1alpha1.FinalizerCleanup}, ptr.To(metav1.NewTime(noon)), 2
	}))
	h.pass()
	if h.storage() != nil {
		t.Error("a BackupConfiguration blocks the deletion")
	}
	h.expectEvents("Warning BackupStorageInUse: The BackupStorage is being deleted although BackupConfigurations name it: demo/bc.")
}

func TestAVolumeIsErasedByAJob(t *testing.T) {
	s := localStorage()
	s.Spec.DeletionPolicy = storagev1alpha1.DeletionPolicyWipeOut
	s.Finalizers, s.DeletionTimestamp, s.Generation = []string{metav1alpha1.FinalizerCleanup}, ptr.To(metav1.NewTime(noon)), 2
	h := newHouse(t, &storetest.Backend{Volume: true}, s, repo("one"))
	for range 4 {
		h.pass()
	}
	job := h.job("cleanup-s3-storage")
	if job.Labels[metav1alpha1.LabelComponent] != metav1alpha1.JobComponentCleaner {
		t.Errorf("labels: %v", job.Labels)
	}
	told, _, err := kube.Get[corev1.Secret](context.Background(), h.client, "demo", "cleanup-s3-storage")
	if err != nil || !strings.Contains(string(told.Data[task.FileName]), `"wipe":["one/repository/","one/snapshots/","one/repository.yaml","metadata.yaml"]`) {
		t.Errorf("task: %v %s", err, told.Data[task.FileName])
	}
	if h.storage() == nil {
		t.Fatal("gone before its data")
	}
	h.finishJob("cleanup-s3-storage", task.Report{Version: task.Version, Succeeded: true})
	h.pass()
	if h.storage() != nil {
		t.Error("still there")
	}
}

func TestAJobOfSomebodyElseIsToldAndLeftAlone(t *testing.T) {
	theirs := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "init-s3-storage", Labels: map[string]string{"app": "theirs"}}}
	h := newHouse(t, &storetest.Backend{Volume: true}, localStorage(), theirs)
	if result := h.pass(); result.RequeueAfter != time.Minute {
		t.Errorf("looked at again in %v", result.RequeueAfter)
	}
	h.expectEvents("Warning BackendInitializationFailed: Failed: Job demo/init-s3-storage exists and belongs to somebody else.")
	if h.job("init-s3-storage").Labels["app"] != "theirs" {
		t.Error("it was changed")
	}
}
