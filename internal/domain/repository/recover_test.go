// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

var newStorage = metav1alpha1.ObjectReference{Namespace: "vault", Name: "bucket"}

// recordedRepository is one as the cluster had it that wrote its document.
func recordedRepository() *storagev1alpha1.Repository {
	return &storagev1alpha1.Repository{
		ObjectMeta: metav1.ObjectMeta{
			Name: "repo", Namespace: "demo", UID: "old", ResourceVersion: "7", Generation: 3,
			Finalizers:      []string{metav1alpha1.FinalizerCleanup},
			OwnerReferences: []metav1.OwnerReference{{Kind: "X", Name: "x", UID: "y"}},
			Labels:          map[string]string{"team": "blue", metav1alpha1.LabelInvokerName: "app"},
		},
		Spec: storagev1alpha1.RepositorySpec{
			AppRef:     metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: "Deployment", Namespace: "demo", Name: "app"},
			StorageRef: metav1alpha1.ObjectReference{Namespace: "demo", Name: "storage"}, Path: "/demo/app/",
			DeletionPolicy: storagev1alpha1.DeletionPolicyWipeOut, Paused: true,
			EncryptionSecret: &metav1alpha1.ObjectReference{Name: "encryption"},
		},
	}
}

func recordedSnapshot() *storagev1alpha1.Snapshot {
	s := snapshot("repo-run-1", 0, good, component("dump", 5<<20, ptr.To(true)))
	s.UID, s.ResourceVersion, s.Labels = "old", "9", map[string]string{"team": "blue"}
	s.Spec.Version, s.Spec.DeletionPolicy = metav1alpha1.LayoutVersion, storagev1alpha1.DeletionPolicyWipeOut
	c := s.Status.Components["dump"]
	c.Phase = storagev1alpha1.ComponentPhaseSucceeded
	c.ResticStats = []storagev1alpha1.ResticStats{{Summary: &storagev1alpha1.ResticSummary{ID: strings.Repeat("a1", 32), HostPath: "/data"}}}
	s.Status.Components["dump"], s.Status.TotalComponents = c, 1
	return &s
}

func document(t testing.TB, encode func() ([]byte, error)) []byte {
	t.Helper()
	content, err := encode()
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestARepositoryComesBackAsItWas(t *testing.T) {
	old := recordedRepository()
	got, err := Recover(document(t, func() ([]byte, error) { return Document(old) }), "demo/app", newStorage)
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "repo" || got.Namespace != "demo" || got.Labels["team"] != "blue" || got.Spec.AppRef != old.Spec.AppRef || got.Spec.Path != old.Spec.Path {
		t.Errorf("got %+v", got)
	}
	if got.UID != "" || got.ResourceVersion != "" || len(got.OwnerReferences)+len(got.Finalizers) > 0 || got.Generation != 0 {
		t.Errorf("another cluster's metadata: %+v", got.ObjectMeta)
	}
	if got.Spec.StorageRef != newStorage || got.Spec.DeletionPolicy != storagev1alpha1.DeletionPolicyDelete || got.Spec.Paused {
		t.Errorf("spec: %+v", got.Spec)
	}
	if *got.Spec.EncryptionSecret != (metav1alpha1.ObjectReference{Namespace: "demo", Name: "encryption"}) {
		t.Errorf("secret: %+v", got.Spec.EncryptionSecret)
	}
	if got.Annotations[metav1alpha1.AnnotationReadFrom] != "vault/bucket" {
		t.Errorf("annotations: %v", got.Annotations)
	}
	if again := document(t, func() ([]byte, error) { return Document(got) }); strings.Contains(string(again), metav1alpha1.AnnotationReadFrom) {
		t.Errorf("where it was read from is written:\n%s", again)
	}
}

func TestADocumentDoesNotChooseAmongTheClustersSecrets(t *testing.T) {
	for namespace, kept := range map[string]bool{"": true, "demo": true, "vault": true, "kube-system": false} {
		old := recordedRepository()
		old.Spec.EncryptionSecret.Namespace = namespace
		got, err := Recover(document(t, func() ([]byte, error) { return Document(old) }), "demo/app", newStorage)
		if err != nil || (got.Spec.EncryptionSecret != nil) != kept {
			t.Errorf("%q: got %+v, %v", namespace, got, err)
		}
	}
}

func TestADocumentIsNotBelieved(t *testing.T) {
	for sentence, row := range map[string]struct{ replace, with, want string }{
		"it is no YAML":                              {"apiVersion:", "{", "is not the YAML"},
		"it is of a version that is to come":         {"/v1alpha1", "/v3", `"storage.kubestash.com/v3"`},
		"it is something else":                       {"kind: Repository", "kind: Secret", `"Secret"`},
		"its name is none":                           {"name: repo", "name: ../../x", "its name"},
		"its namespace is none":                      {"namespace: demo\nspec", "namespace: Demo_1\nspec", "its namespace"},
		"it says that it lies elsewhere":             {"path: /demo/app/", "path: /somebody/else", "another directory"},
		"it climbs out, and ends where it lies":      {"path: /demo/app/", "path: /x/../demo/app", "another directory"},
		"its Secret has a name that leads elsewhere": {"name: encryption", "name: a/b", "encryptionSecret"},
		"it is a list":                               {"apiVersion:", "- apiVersion:", "is not the YAML"},
	} {
		t.Run(sentence, func(t *testing.T) {
			content := string(document(t, func() ([]byte, error) { return Document(recordedRepository()) }))
			changed := strings.Replace(content, row.replace, row.with, 1)
			if changed == content {
				t.Fatalf("nothing was changed in\n%s", content)
			}
			if got, err := Recover([]byte(changed), "demo/app", newStorage); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %+v, %v; want %q", got, err, row.want)
			}
		})
	}
}

func of(t *testing.T) *storagev1alpha1.Repository {
	t.Helper()
	repo := recordedRepository()
	repo.UID, repo.Spec.StorageRef = "new", newStorage
	return repo
}

func TestASnapshotComesBackWithItsStatus(t *testing.T) {
	old := recordedSnapshot()
	got, err := RecoverSnapshot(document(t, func() ([]byte, error) { return SnapshotDocument(old) }), old.Name, of(t), now)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status.Phase != good || got.Status.Components["dump"].ResticStats[0].Summary.HostPath != "/data" || !got.Status.SnapshotTime.Equal(old.Status.SnapshotTime) {
		t.Errorf("status: %+v", got.Status)
	}
	if len(got.OwnerReferences) != 1 || got.OwnerReferences[0].UID != "new" || got.UID != "" || got.ResourceVersion != "" {
		t.Errorf("metadata: %+v", got.ObjectMeta)
	}
	if got.Labels["team"] != "blue" || got.Labels[metav1alpha1.LabelRepoName] != "repo" || got.Spec.DeletionPolicy != storagev1alpha1.DeletionPolicyDelete {
		t.Errorf("labels %v, spec %+v", got.Labels, got.Spec)
	}
}

func TestABackupThatNobodyIsAtWorkOnHasFailed(t *testing.T) {
	for _, phase := range []storagev1alpha1.SnapshotPhase{storagev1alpha1.SnapshotPhaseRunning, storagev1alpha1.SnapshotPhasePending, ""} {
		old := recordedSnapshot()
		old.Status.Phase = phase
		c := old.Status.Components["dump"]
		c.Phase = storagev1alpha1.ComponentPhaseRunning
		old.Status.Components["dump"] = c
		got, err := RecoverSnapshot(document(t, func() ([]byte, error) { return SnapshotDocument(old) }), old.Name, of(t), now)
		if err != nil {
			t.Fatal(err)
		}
		reason := metav1alpha1.FindCondition(got.Status.Conditions, storagev1alpha1.ConditionBackupIncomplete)
		if got.Status.Phase != failed || reason == nil || reason.Reason != storagev1alpha1.ReasonBackupExecutorTerminatedBeforeCompletion ||
			got.Status.Components["dump"].Error != Interrupted {
			t.Errorf("%q: got %+v", phase, got.Status)
		}
	}
}

func TestASnapshotsDocumentIsNotBelieved(t *testing.T) {
	for sentence, row := range map[string]struct{ replace, with, want string }{
		"it is that of another Snapshot":          {"name: repo-run-1", "name: other", `"other"`},
		"it is that of another Repository":        {"repository: repo", "repository: other", "demo/other"},
		"it is that of another namespace":         {"namespace: demo", "namespace: kube-system", "kube-system/repo"},
		"its data has a layout that is to come":   {"version: v1", "version: v2", `"v2"`},
		"its data is in another Repository's":     {"path: repository/v1/full/dump", "path: ../other/repository/v1/full/dump", "outside"},
		"its data is not where data is":           {"path: repository/v1/full/dump", "path: snapshots", "outside"},
		"its id is an option of restic":           {"id: " + strings.Repeat("a1", 32), "id: --password-command=reboot", "restic gives to no snapshot"},
		"its component has a name that is a path": {"    dump:", "    ../dump:", "component"},
		"its size is a word":                      {"sizeBytes: 5242880", "sizeBytes: much", "is not the YAML"},
	} {
		t.Run(sentence, func(t *testing.T) {
			content := string(document(t, func() ([]byte, error) { return SnapshotDocument(recordedSnapshot()) }))
			changed := strings.Replace(content, row.replace, row.with, 1)
			if changed == content {
				t.Fatalf("nothing was changed in\n%s", content)
			}
			if got, err := RecoverSnapshot([]byte(changed), "repo-run-1", of(t), now); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %+v, %v; want %q", got, err, row.want)
			}
		})
	}
}

func TestParseKey(t *testing.T) {
	for key, want := range map[string]struct {
		directory, snapshot string
		ok                  bool
	}{
		"repository.yaml":              {"", "", true},
		"a/b/repository.yaml":          {"a/b", "", true},
		"snapshots/s.yaml":             {"", "s", true},
		"a/snapshots/s.yaml":           {"a", "s", true},
		"a/snapshots/repository.yaml":  {"a/snapshots", "", true},
		"a/snapshots/.yaml":            {},
		"a/snapshots/s.txt":            {},
		"a/other/s.yaml":               {},
		"a/repository/v1/s/c/config":   {},
		"mysnapshots/s.yaml":           {},
		"a/snapshots/snapshots/s.yaml": {"a/snapshots", "s", true},
	} {
		directory, name, ok := ParseKey(key)
		if directory != want.directory || name != want.snapshot || ok != want.ok {
			t.Errorf("%s: got %q, %q, %t", key, directory, name, ok)
		}
	}
}

// FuzzRecover holds that nothing that lies in a backend stops the operator, and that what is made stays where it is.
func FuzzRecover(f *testing.F) {
	f.Add(document(f, func() ([]byte, error) { return Document(recordedRepository()) }))
	f.Add(document(f, func() ([]byte, error) { return SnapshotDocument(recordedSnapshot()) }))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if got, err := Recover(content, "demo/app", newStorage); err == nil && (CleanPath(got.Spec.Path) != "demo/app" || got.Spec.StorageRef != newStorage) {
			t.Errorf("got %+v", got)
		}
		if got, err := RecoverSnapshot(content, "repo-run-1", of(t), now); err == nil && (got.Name != "repo-run-1" || got.Namespace != "demo") {
			t.Errorf("got %+v", got)
		}
	})
}
