// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

var now = metav1.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

func TestLayout(t *testing.T) {
	for sentence, row := range map[string]struct{ got, want string }{
		"slashes at the ends don't matter":  {CleanPath("/demo/data/"), "demo/data"},
		"doubled slashes and dots neither":  {CleanPath("./demo//x/../data"), "demo/data"},
		"nothing climbs out of the storage": {CleanPath("../../etc"), "etc"},
		"the root is empty":                 {CleanPath("/"), ""},
		"the storage's document":            {MetadataKey(), "metadata.yaml"},
		"a Repository's document":           {RepositoryKey("/demo/"), "demo/repository.yaml"},
		"a Repository at the root":          {RepositoryKey("/"), "repository.yaml"},
		"a Snapshot's document":             {SnapshotKey("demo", "s-1"), "demo/snapshots/s-1.yaml"},
		"a restic repository":               {ComponentDir("/demo", "full", "dump"), "demo/repository/v1/full/dump"},
		"a component's path":                {ComponentPath("full", "dump"), "repository/v1/full/dump"},
		"what is a Repository's":            {strings.Join(OwnedPrefixes("/demo"), " "), "demo/repository/ demo/snapshots/"},
		"what is a Repository's, at the root": {
			strings.Join(OwnedPrefixes(""), " "), "repository/ snapshots/"},
	} {
		if row.got != row.want {
			t.Errorf("%s: got %q, want %q", sentence, row.got, row.want)
		}
	}
}

type build func(*storagev1alpha1.Snapshot)

func snapshot(name string, hour int, phase storagev1alpha1.SnapshotPhase, more ...build) storagev1alpha1.Snapshot {
	at := metav1.NewTime(now.Add(time.Duration(hour) * time.Hour))
	s := storagev1alpha1.Snapshot{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "demo", CreationTimestamp: at},
		Spec:       storagev1alpha1.SnapshotSpec{Repository: "repo", Session: "full"},
		Status:     storagev1alpha1.SnapshotStatus{Phase: phase, SnapshotTime: &at},
	}
	for _, m := range more {
		m(&s)
	}
	return s
}

func component(name string, bytes int64, integrity *bool) build {
	return func(s *storagev1alpha1.Snapshot) {
		if s.Status.Components == nil {
			s.Status.Components = map[string]storagev1alpha1.Component{}
		}
		s.Status.Components[name] = storagev1alpha1.Component{
			Path: ComponentPath(s.Spec.Session, name), SizeBytes: &bytes, Integrity: integrity,
		}
	}
}

func inSession(name string) build {
	return func(s *storagev1alpha1.Snapshot) { s.Spec.Session = name }
}

func deleting(s *storagev1alpha1.Snapshot) { s.DeletionTimestamp = &now }

const (
	good   = storagev1alpha1.SnapshotPhaseSucceeded
	failed = storagev1alpha1.SnapshotPhaseFailed
)

func TestSummarize(t *testing.T) {
	yes, no := ptr.To(true), ptr.To(false)
	for sentence, row := range map[string]struct {
		snapshots []storagev1alpha1.Snapshot
		want      string
	}{
		"none": {nil, "0 [] never 0 unchecked []"},
		"a restic repository counts once, as the newest Snapshot saw it": {
			[]storagev1alpha1.Snapshot{
				snapshot("a", 1, good, component("dump", 100, yes)), snapshot("b", 2, good, component("dump", 150, yes))},
			"2 [b a] 14:00 150 true [repository/v1/full/dump]"},
		"sessions and components are different restic repositories": {
			[]storagev1alpha1.Snapshot{
				snapshot("a", 1, good, component("dump-pod-0", 1, yes), component("dump-pod-1", 10, yes)),
				snapshot("b", 2, good, inSession("often"), component("dump-pod-0", 100, nil))},
			"2 [b a] 14:00 111 true [repository/v1/full/dump-pod-0 repository/v1/full/dump-pod-1 repository/v1/often/dump-pod-0]"},
		"a failed Snapshot is listed, but neither its time nor its size counts": {
			[]storagev1alpha1.Snapshot{
				snapshot("a", 1, good, component("dump", 100, yes)), snapshot("b", 2, failed, component("dump", 7, nil))},
			"2 [b a] 13:00 100 true [repository/v1/full/dump]"},
		"damage shows whatever else is whole": {
			[]storagev1alpha1.Snapshot{snapshot("a", 1, good, component("x", 1, no), component("y", 1, yes))},
			"1 [a] 13:00 2 false [repository/v1/full/x repository/v1/full/y]"},
		"the last check counts, not an earlier one": {
			[]storagev1alpha1.Snapshot{snapshot("a", 1, good, component("x", 1, no)), snapshot("b", 2, good, component("x", 1, yes))},
			"2 [b a] 14:00 1 true [repository/v1/full/x]"},
		"a Snapshot that is being deleted doesn't count": {
			[]storagev1alpha1.Snapshot{snapshot("a", 1, good, component("x", 1, yes), deleting)}, "0 [] never 0 unchecked []"},
		"five are recent": {
			[]storagev1alpha1.Snapshot{snapshot("a", 1, good), snapshot("b", 2, good), snapshot("c", 3, good),
				snapshot("d", 4, good), snapshot("e", 5, good), snapshot("f", 6, good)},
			"6 [f e d c b] 18:00 0 unchecked []"},
		"at the same time the name decides, so that the order stays": {
			[]storagev1alpha1.Snapshot{snapshot("a", 1, good), snapshot("c", 1, good), snapshot("b", 1, good)},
			"3 [c b a] 13:00 0 unchecked []"},
		"a Snapshot that has not started is where it was created": {
			[]storagev1alpha1.Snapshot{snapshot("a", 1, good), snapshot("b", 2, "", func(s *storagev1alpha1.Snapshot) { s.Status.SnapshotTime = nil })},
			"2 [b a] 13:00 0 unchecked []"},
		"a size that is only text is read": {
			[]storagev1alpha1.Snapshot{snapshot("a", 1, good, func(s *storagev1alpha1.Snapshot) {
				s.Status.Components = map[string]storagev1alpha1.Component{"dump": {Size: "2.000 KiB"}}
			})},
			"1 [a] 13:00 2048 unchecked []"},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := Summarize(row.snapshots)
			var recent []string
			for _, r := range s.Recent {
				recent = append(recent, r.Name)
			}
			last, integrity := "never", "unchecked"
			if s.LastBackup != nil {
				last = s.LastBackup.UTC().Format("15:04")
			}
			if s.Integrity != nil {
				integrity = fmt.Sprint(*s.Integrity)
			}
			if got := fmt.Sprintf("%d %v %s %d %s %v", s.SnapshotCount, recent, last, s.Bytes, integrity, s.ComponentPaths); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

func TestDecide(t *testing.T) {
	written := func(generation int64) storagev1alpha1.RepositoryStatus {
		return storagev1alpha1.RepositoryStatus{Conditions: []metav1alpha1.Condition{condition(generation, "")}}
	}
	fine := func(change func(*Facts)) Facts {
		f := Facts{Storage: "demo/s3", StorageFound: true, StorageAllowed: true, StorageReady: true, Network: true}
		change(&f)
		return f
	}
	const ok = "Ready: Successfully initialized repository."
	for sentence, row := range map[string]struct {
		facts Facts
		want  string
	}{
		"a new Repository gets its document first":          {fine(func(*Facts) {}), "NotReady + document"},
		"once it is written it is Ready":                    {fine(func(f *Facts) { f.Write = &Write{} }), ok},
		"a document that can't be written says why":         {fine(func(f *Facts) { f.Write = &Write{Failure: "denied"} }), "NotReady: denied"},
		"a document of this generation isn't written again": {fine(func(f *Facts) { f.Status = written(1) }), ok},
		"a changed spec is written again, and stays Ready":  {fine(func(f *Facts) { f.Status = written(0) }), "Ready: Successfully initialized repository. + document"},
		"on a volume a pod writes it":                       {fine(func(f *Facts) { f.Network = false }), ok},
		"a mistake in the spec":                             {fine(func(f *Facts) { f.Problems = []string{"name it"} }), "NotReady: name it"},
		"a storage that is missing": {fine(func(f *Facts) { f.StorageFound = false }),
			"NotReady: BackupStorage demo/s3 does not exist. Create it, or correct spec.storageRef."},
		"a storage that isn't allowed": {fine(func(f *Facts) { f.StorageAllowed, f.Denial = false, "not yours" }),
			"NotReady: BackupStorage demo/s3 is not allowed here: not yours. Change its spec.usagePolicy, or use another storage."},
		"a storage that nobody has looked at": {fine(func(f *Facts) { f.StorageReady = false }),
			"NotReady: BackupStorage demo/s3 is not ready yet."},
		"a storage that is down takes the Repository along": {fine(func(f *Facts) { f.Status, f.StorageReady, f.StorageMessage = written(1), false, "no bucket" }),
			"NotReady: BackupStorage demo/s3 is not ready: no bucket"},
	} {
		t.Run(sentence, func(t *testing.T) {
			row.facts.Now, row.facts.Generation = now, 1
			v := Decide(row.facts)
			got := string(v.Status.Phase)
			for _, c := range v.Status.Conditions {
				got += ": " + c.Message
			}
			if v.Document {
				got += " + document"
			}
			if got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
			if (v.Blocked == "") != (v.Status.Phase == storagev1alpha1.RepositoryPhaseReady || v.Document) {
				t.Errorf("blocked by %q although %s", v.Blocked, v.Status.Phase)
			}
			if v.Status.SnapshotCount == nil || *v.Status.SnapshotCount != 0 || v.Status.Size != "0 B" {
				t.Errorf("an empty Repository prints %v, %q", v.Status.SnapshotCount, v.Status.Size)
			}
		})
	}
}

func TestDocuments(t *testing.T) {
	meta := metav1.ObjectMeta{
		Name: "repo", Namespace: "demo", UID: "u", ResourceVersion: "7", Generation: 3, CreationTimestamp: now,
		Labels:          map[string]string{"team": "a"},
		Annotations:     map[string]string{lastApplied: "{}", metav1alpha1.AnnotationForgotten: "true", "note": "kept"},
		Finalizers:      []string{metav1alpha1.FinalizerCleanup},
		OwnerReferences: []metav1.OwnerReference{{Name: "owner"}},
		ManagedFields:   []metav1.ManagedFieldsEntry{{Manager: "x"}},
	}
	r := &storagev1alpha1.Repository{
		ObjectMeta: meta,
		Spec:       storagev1alpha1.RepositorySpec{Path: "/demo", StorageRef: metav1alpha1.ObjectReference{Name: "s3", Namespace: "demo"}},
		Status:     storagev1alpha1.RepositoryStatus{Phase: storagev1alpha1.RepositoryPhaseReady},
	}
	content, err := Document(r)
	if err != nil {
		t.Fatal(err)
	}
	const want = `apiVersion: storage.kubestash.com/v1alpha1
kind: Repository
metadata:
  annotations:
    note: kept
  labels:
    team: a
  name: repo
  namespace: demo
spec:
  path: /demo
  storageRef:
    name: s3
    namespace: demo
`
	if string(content) != want {
		t.Errorf("got:\n%s", content)
	}
	if len(r.Annotations) != 3 {
		t.Error("the object itself was changed")
	}
	s := snapshot("s-1", 1, good, component("dump", 5, nil))
	s.ResourceVersion, s.UID = "9", "u"
	content, err = SnapshotDocument(&s)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"kind: Snapshot\n", "phase: Succeeded\n", "path: repository/v1/full/dump\n", "sizeBytes: 5\n"} {
		if !strings.Contains(string(content), part) {
			t.Errorf("no %q in:\n%s", part, content)
		}
	}
	if strings.Contains(string(content), "resourceVersion") || strings.Contains(string(content), "uid:") {
		t.Errorf("another cluster's metadata in:\n%s", content)
	}
}
