// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupstorage

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store/storetest"
	"kubestash.com/kubestash/internal/task"
)

// written is what another cluster has left in a backend: a Repository with some Snapshots, and its metadata.yaml.
func written(t *testing.T, namespace, name string, snapshots int) map[string]string {
	t.Helper()
	repo := &storagev1alpha1.Repository{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: storagev1alpha1.RepositorySpec{Path: "/" + namespace + "/" + name,
			EncryptionSecret: &metav1alpha1.ObjectReference{Namespace: namespace, Name: "encryption"}},
	}
	content, err := repository.Document(repo)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{repository.RepositoryKey(repo.Spec.Path): string(content)}
	for i := range snapshots {
		at := metav1.NewTime(noon.Add(-time.Duration(i) * time.Hour))
		s := &storagev1alpha1.Snapshot{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("%s-%04d", name, i)},
			Spec:       storagev1alpha1.SnapshotSpec{Repository: name, Session: "daily", Version: "v1"},
			Status:     storagev1alpha1.SnapshotStatus{Phase: storagev1alpha1.SnapshotPhaseSucceeded, SnapshotTime: &at, Size: "1.000 MiB"},
		}
		content, err := repository.SnapshotDocument(s)
		if err != nil {
			t.Fatal(err)
		}
		out[repository.SnapshotKey(repo.Spec.Path, s.Name)] = string(content)
	}
	return out
}

func namespaced(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func shared(s *storagev1alpha1.BackupStorage) {
	s.Spec.UsagePolicy = &metav1alpha1.UsagePolicy{AllowedNamespaces: metav1alpha1.AllowedNamespaces{From: metav1alpha1.NamespacesFromAll}}
}

func (h *house) fill(all ...map[string]string) {
	for _, one := range all {
		for key, content := range one {
			h.backend.Set(key, content)
		}
	}
}

func (h *house) passes(n int) {
	h.t.Helper()
	for range n {
		h.pass()
	}
}

func (h *house) snapshots(namespace string) []storagev1alpha1.Snapshot {
	h.t.Helper()
	var list storagev1alpha1.SnapshotList
	if err := h.client.List(context.Background(), &list, client.InNamespace(namespace)); err != nil {
		h.t.Fatal(err)
	}
	return list.Items
}

func (h *house) hasRepository(namespace, name string) bool {
	h.t.Helper()
	_, found, err := kube.Get[storagev1alpha1.Repository](context.Background(), h.client, namespace, name)
	if err != nil {
		h.t.Fatal(err)
	}
	return found
}

func (h *house) synced() string {
	c := metav1alpha1.FindCondition(h.storage().Status.Conditions, storagev1alpha1.ConditionBackendSynced)
	if c == nil {
		return ""
	}
	return c.Reason + ": " + c.Message
}

func TestWhatIsInTheBackendComesBack(t *testing.T) {
	h := newHouse(t, &storetest.Backend{}, s3Storage(shared), secret(), namespaced("demo"), namespaced("shop"))
	h.fill(written(t, "demo", "one", 3), written(t, "shop", "two", 2))
	h.pass()
	if len(h.snapshots("demo")) != 3 || len(h.snapshots("shop")) != 2 {
		t.Errorf("%d and %d Snapshots", len(h.snapshots("demo")), len(h.snapshots("shop")))
	}
	for _, s := range h.snapshots("shop") {
		if s.Status.Phase != storagev1alpha1.SnapshotPhaseSucceeded || s.Status.Size != "1.000 MiB" || s.Status.SnapshotTime == nil {
			t.Errorf("status: %+v", s.Status)
		}
	}
	if got := h.synced(); got != "BackendSyncSucceeded: 2 Repositories and 5 Snapshots were made from what is in the backend." {
		t.Error(got)
	}
	h.expectEvents("Normal BackendSecretAvailable", "Normal BackendInitializationSucceeded", "Normal BackendSyncSucceeded")
	h.pass()
	for _, r := range h.storage().Status.Repositories {
		if r.Synced == nil || !*r.Synced {
			t.Errorf("entry: %+v", r)
		}
	}
	version := h.storage().ResourceVersion
	h.passes(2)
	if h.storage().ResourceVersion != version {
		t.Error("something is written though nothing changed")
	}
}

func TestWhatAUserDeletesStaysAway(t *testing.T) {
	h := newHouse(t, &storetest.Backend{}, s3Storage(shared), secret(), namespaced("demo"))
	h.fill(written(t, "demo", "one", 1))
	h.passes(2)
	h.do(func(ctx context.Context, c client.Client) error {
		repo, _, err := kube.Get[storagev1alpha1.Repository](ctx, c, "demo", "one")
		if err != nil {
			return err
		}
		return c.Delete(ctx, repo)
	})
	for range 3 {
		h.clock.SetTime(h.clock.Now().Add(time.Hour))
		h.pass()
	}
	if h.hasRepository("demo", "one") {
		t.Error("it is back")
	}
	if !strings.Contains(h.backend.Content("metadata.yaml"), "name: one") {
		t.Error("the backend's list has lost it")
	}
	h.do(func(ctx context.Context, c client.Client) error {
		s := h.storage()
		s.Annotations = map[string]string{metav1alpha1.AnnotationSync: "1"}
		return c.Update(ctx, s)
	})
	h.pass()
	if !h.hasRepository("demo", "one") {
		t.Error("it isn't back though somebody asked")
	}
}

func TestANamespaceThatIsMissingIsWaitedFor(t *testing.T) {
	h := newHouse(t, &storetest.Backend{}, s3Storage(shared), secret(), namespaced("demo"))
	h.fill(written(t, "demo", "one", 1), written(t, "shop", "two", 2))
	if result := h.pass(); result.RequeueAfter != time.Minute {
		t.Errorf("looked at again in %v", result.RequeueAfter)
	}
	h.pass()
	if !h.hasRepository("demo", "one") || h.hasRepository("shop", "two") {
		t.Error("the wrong ones were made")
	}
	var pending *storagev1alpha1.RepositoryInfo
	for _, r := range h.storage().Status.Repositories {
		if r.Name == "two" {
			pending = &r
		}
	}
	if pending == nil || pending.Synced == nil || *pending.Synced || !strings.Contains(*pending.Error, `create namespace "shop"`) {
		t.Errorf("entry: %+v", pending)
	}
	if !strings.HasPrefix(h.synced(), "BackendSyncIncomplete: ") {
		t.Error(h.synced())
	}
	if strings.Contains(h.backend.Content("metadata.yaml"), "two") {
		t.Error("what isn't in the cluster is written as if it were")
	}
	h.do(func(ctx context.Context, c client.Client) error { return c.Create(ctx, namespaced("shop")) })
	h.clock.SetTime(noon.Add(time.Minute))
	h.pass()
	if !h.hasRepository("shop", "two") || len(h.snapshots("shop")) != 2 {
		t.Error("it isn't picked up")
	}
	if got := h.synced(); got != "BackendSyncSucceeded: 2 Repositories and 3 Snapshots were made from what is in the backend." {
		t.Error(got)
	}
}

func TestAStoragesUsagePolicyRulesHereToo(t *testing.T) {
	h := newHouse(t, &storetest.Backend{}, s3Storage(), secret(), namespaced("demo"), namespaced("shop"))
	h.fill(written(t, "demo", "one", 1), written(t, "shop", "two", 1))
	h.pass()
	if h.hasRepository("shop", "two") || !strings.Contains(h.synced(), `may not be used by namespace "shop"`) {
		t.Error(h.synced())
	}
	h.do(func(ctx context.Context, c client.Client) error {
		s := h.storage()
		shared(s)
		return c.Update(ctx, s)
	})
	h.clock.SetTime(noon.Add(time.Minute))
	h.pass()
	if !h.hasRepository("shop", "two") {
		t.Error("it isn't picked up: " + h.synced())
	}
}

func TestWhatIsThereIsNeverOverwritten(t *testing.T) {
	own := repo("one")
	own.Spec.Path = "/elsewhere"
	kept := &storagev1alpha1.Snapshot{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "two-0000"}, Spec: storagev1alpha1.SnapshotSpec{Repository: "two", BackupSession: "mine"},
		Status: storagev1alpha1.SnapshotStatus{Phase: storagev1alpha1.SnapshotPhaseFailed},
	}
	h := newHouse(t, &storetest.Backend{}, s3Storage(), secret(), namespaced("demo"), own, kept)
	h.fill(written(t, "demo", "one", 1), written(t, "demo", "two", 2))
	h.pass()
	if !strings.Contains(h.synced(), "exists here, and is another one") || !strings.Contains(h.synced(), "/elsewhere") {
		t.Error(h.synced())
	}
	for _, s := range h.snapshots("demo") {
		if s.Name == kept.Name && (s.Spec.BackupSession != "mine" || s.Status.Phase != storagev1alpha1.SnapshotPhaseFailed) {
			t.Errorf("it was changed: %+v", s)
		}
	}
	if len(h.snapshots("demo")) != 2 {
		t.Errorf("%d Snapshots", len(h.snapshots("demo")))
	}
}

func TestOneRottenDocumentDoesNotKeepTheOthers(t *testing.T) {
	h := newHouse(t, &storetest.Backend{}, s3Storage(), secret(), namespaced("demo"))
	h.fill(written(t, "demo", "a", 1), written(t, "demo", "b", 3), written(t, "demo", "c", 1), written(t, "demo", "d", 1), map[string]string{
		"demo/a/repository.yaml":                        "\x00\xff{{{",
		"demo/b/snapshots/b-0001.yaml":                  "kind: Snapshot",
		"demo/c/repository.yaml":                        strings.Replace(written(t, "demo", "d", 0)["demo/d/repository.yaml"], "name: d", "name: c", 1),
		"demo/lost/repository/v1/daily/dump/config":     "x",
		"demo/lost/repository/v1/daily/dump/keys/k":     "x",
		"demo/b/repository/v1/daily/dump/config":        "x",
		"demo/b/repository/v1/daily/dump/keys/k":        "x",
		"demo/b/repository/v1/daily/dump/snapshots/abc": "x",
	})
	h.pass()
	for name, want := range map[string]bool{"a": false, "b": true, "c": false, "d": true} {
		if h.hasRepository("demo", name) != want {
			t.Errorf("Repository %s: %t", name, !want)
		}
	}
	if len(h.snapshots("demo")) != 3 {
		t.Errorf("%d Snapshots", len(h.snapshots("demo")))
	}
	h.pass()
	said := map[string]string{}
	for _, r := range h.storage().Status.Repositories {
		if r.Error != nil {
			said[strings.Trim(r.Path, "/")] = *r.Error
		}
	}
	for path, want := range map[string]string{
		"demo/a": "can't be used", "demo/b": "b-0001.yaml", "demo/c": "another directory", "demo/lost": "repository.yaml",
	} {
		if !strings.Contains(said[path], want) {
			t.Errorf("%s: %q", path, said[path])
		}
	}
	if len(said) != 4 {
		t.Errorf("said %q", said)
	}
	h.fill(written(t, "demo", "a", 1), written(t, "demo", "b", 3))
	h.clock.SetTime(noon.Add(11 * time.Minute))
	h.passes(2)
	if !h.hasRepository("demo", "a") || len(h.snapshots("demo")) != 5 {
		t.Errorf("what was mended isn't read again: %s", h.synced())
	}
}

func TestManySnapshotsComeInPassesAndARestartGoesOn(t *testing.T) {
	h := newHouse(t, &storetest.Backend{}, s3Storage(), secret(), namespaced("demo"))
	h.fill(written(t, "demo", "one", 250))
	h.pass()
	if n := len(h.snapshots("demo")); n >= 250 || n < 100 {
		t.Errorf("%d Snapshots after one pass", n)
	}
	if !strings.HasPrefix(h.synced(), "BackendSyncInProgress: 1 Repositories and ") || h.storage().Status.Sync.After == "" {
		t.Errorf("%s, %+v", h.synced(), h.storage().Status.Sync)
	}
	// As after a crash between the two writes of one Snapshot.
	cut := h.snapshots("demo")[0]
	h.do(func(ctx context.Context, c client.Client) error {
		cut.Status = storagev1alpha1.SnapshotStatus{}
		if err := c.Status().Update(ctx, &cut); err != nil {
			return err
		}
		s := h.storage()
		s.Status.Sync.After = ""
		return c.Status().Update(ctx, s)
	})
	h.r = New(h.r.Deps)
	h.passes(3)
	all := h.snapshots("demo")
	if len(all) != 250 {
		t.Errorf("%d Snapshots", len(all))
	}
	for _, s := range all {
		if s.Status.Phase != storagev1alpha1.SnapshotPhaseSucceeded {
			t.Errorf("%s: %+v", s.Name, s.Status)
		}
	}
	if !strings.HasPrefix(h.synced(), "BackendSyncSucceeded: ") {
		t.Error(h.synced())
	}
	h.expectEvents("Normal BackendSecretAvailable", "Normal BackendInitializationSucceeded", "Normal BackendSyncSucceeded")
}

// output is what pods have printed.
type output map[string]string

func (o output) Open(_ context.Context, _, pod, _ string, _ int64) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(o[pod])), nil
}

func printing(t *testing.T, keys []string, from map[string]string) string {
	t.Helper()
	var out bytes.Buffer
	w := task.NewDocumentWriter(&out)
	for _, key := range keys {
		if err := w.Write(task.Document{Key: key, Content: []byte(from[key])}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestWhatIsOnAVolumeComesBackThroughTheLogsOfPods(t *testing.T) {
	h := newHouse(t, &storetest.Backend{Volume: true}, localStorage(), namespaced("demo"))
	printed := output{}
	h.r.Output = printed
	h.passes(2)
	from := written(t, "demo", "one", 3)
	first := []string{"demo/one/repository.yaml", "demo/one/snapshots/one-0000.yaml"}
	second := []string{"demo/one/snapshots/one-0001.yaml", "demo/one/snapshots/one-0002.yaml"}
	printed["init-s3-storage-x"] = printing(t, first, from)
	h.finishJob("init-s3-storage", task.Report{Version: task.Version, Succeeded: true, Inventory: &task.Inventory{Documents: 2, After: first[1]}})
	h.pass()
	if !h.hasRepository("demo", "one") || len(h.snapshots("demo")) != 1 {
		t.Fatalf("%d Snapshots: %s", len(h.snapshots("demo")), h.synced())
	}
	h.pass()
	var order corev1.Secret
	h.do(func(ctx context.Context, c client.Client) error {
		return c.Get(ctx, client.ObjectKey{Namespace: "demo", Name: "sync-s3-storage"}, &order)
	})
	if text := string(order.Data[task.FileName]); !strings.Contains(text, `"kind":"ReadDocuments"`) || !strings.Contains(text, first[1]) {
		t.Errorf("task: %s", text)
	}
	printed["sync-s3-storage-x"] = printing(t, second, from)
	h.finishJob("sync-s3-storage", task.Report{Version: task.Version, Succeeded: true, Inventory: &task.Inventory{Documents: 2}})
	h.pass()
	if len(h.snapshots("demo")) != 3 || !strings.HasPrefix(h.synced(), "BackendSyncSucceeded: 1 Repositories and 3 Snapshots") {
		t.Errorf("%d Snapshots: %s", len(h.snapshots("demo")), h.synced())
	}
	h.expectEvents("Normal BackendInitializationSucceeded", "Normal BackendSyncSucceeded")
	version := h.storage().ResourceVersion
	h.passes(2)
	if h.storage().ResourceVersion != version {
		t.Errorf("something is written though nothing changed: %+v", h.storage().Status)
	}
}

func TestALogThatIsNotWholeIsReadByAnotherPod(t *testing.T) {
	h := newHouse(t, &storetest.Backend{Volume: true}, localStorage(), namespaced("demo"))
	h.r.Output = output{"init-s3-storage-x": ""}
	h.passes(2)
	h.finishJob("init-s3-storage", task.Report{Version: task.Version, Succeeded: true, Inventory: &task.Inventory{Documents: 2}})
	h.passes(2)
	h.job("sync-s3-storage")
	if h.storage().Status.Sync.CompletionTime != nil {
		t.Error("it says that all was read")
	}
}
