// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// newBatch is a world whose session backs up a Deployment and a database.
func newBatch(t *testing.T) *world {
	w := newWorld(t)
	w.facts.Session.Spec.Invoker.Kind = corev1alpha1.KindBackupBatch
	w.facts.Invoker.Kind = corev1alpha1.KindBackupBatch
	w.facts.Units = nil
	w.target("web", "web", "web-repo")
	w.target("db", "db", "db-repo")
	return w
}

// on says which target the story goes on with.
func (w *world) on(target string) *world {
	w.unit = target
	return w
}

// Each story is one life of a BackupSession of several targets; its transcript is in testdata under its name.
func TestStoriesOfBatches(t *testing.T) {
	for story, tell := range map[string]func(w *world){
		"two targets, both succeed": func(w *world) {
			w.then(0, "the session was created")
			w.pass()
			w.then(5*time.Second, "the first pod reports success, the second one works")
			w.on("web").ends("dump", "")
			w.on("db").works("dump", 1<<20, 2<<20)
			w.settle()
			w.then(5*time.Second, "the second pod reports success")
			w.on("db").ends("dump", "")
			w.settle()
		},
		"two targets, one pod fails, the other's Snapshot stands": func(w *world) {
			for i, name := range []string{"s1", "s2"} {
				w.past("web-repo", "web-"+name, time.Duration(10-i)*24*time.Hour, storagev1alpha1.SnapshotPhaseSucceeded)
				w.past("db-repo", "db-"+name, time.Duration(10-i)*24*time.Hour, storagev1alpha1.SnapshotPhaseSucceeded)
			}
			w.then(0, "the session was created")
			w.pass()
			w.then(5*time.Second, "one pod reports success and what it forgot, the other one a failure")
			w.on("web").ends("dump", "", "id-of-web-s1")
			w.on("db").ends("dump", "/data/ibdata1: permission denied")
			w.settle()
		},
		"two targets, one is missing, the other is backed up": func(w *world) {
			w.of("db").Gone = "Target StatefulSet shop/db"
			w.then(0, "the session was created")
			w.pass()
			w.then(5*time.Second, "the operator learns of the started one only, and its pod reports success")
			w.facts.Units = w.facts.Units[:1]
			w.on("web").ends("dump", "")
			w.settle()
		},
		"two targets, and both are missing": func(w *world) {
			w.of("web").Gone, w.of("db").Gone = "Target Deployment shop/web", "Target StatefulSet shop/db"
			w.then(0, "the session was created")
			w.pass()
		},
		"two targets, and neither can be backed up": func(w *world) {
			w.of("web").Problems = []Problem{{Message: "Addon \"workload-addon\" doesn't exist."}}
			w.of("db").Gone = "Target StatefulSet shop/db"
			w.then(0, "the session was created")
			w.pass()
		},
		"two targets, what may pass is waited for before either starts": func(w *world) {
			w.of("db").Problems = []Problem{{Message: "Repository db-repo is not ready: it has not been initialised yet.", MayPass: true}}
			w.then(0, "the session was created")
			w.pass()
			w.then(time.Minute, "a minute later the other one goes without it")
			w.pass()
		},
		"two targets, the one of several pods has a last step": func(w *world) {
			w.of("db").Components = []string{"dump-pod-0", "dump-pod-1"}
			for i, name := range []string{"s1", "s2"} {
				w.past("db-repo", name, time.Duration(10-i)*24*time.Hour, storagev1alpha1.SnapshotPhaseSucceeded)
			}
			w.then(0, "the session was created")
			w.pass()
			w.then(5*time.Second, "all pods report success")
			w.on("web").ends("dump", "")
			w.on("db").ends("dump-pod-0", "")
			w.ends("dump-pod-1", "")
			w.settle()
			w.then(3*time.Second, "the last step reports what it forgot")
			w.of("db").Finisher = Job{Name: "job-last", Exists: true, Ended: true, Outcomes: map[string]Outcome{"db-repo": {Forgotten: []string{"id-of-s1"}}}}
			w.settle()
		},
		"two targets, a timeout ends both": func(w *world) {
			w.facts.Session.Spec.BackupTimeout = &metav1.Duration{Duration: time.Minute}
			w.then(0, "the session was created")
			w.pass()
			w.then(30*time.Second, "one pod reports success, the other works")
			w.on("web").ends("dump", "")
			w.on("db").works("dump", 1<<20, 5<<20)
			w.settle()
			w.then(30*time.Second, "the deadline has come")
			w.settle()
		},
	} {
		t.Run(story, func(t *testing.T) {
			w := newBatch(t)
			tell(w)
			w.verify(story)
		})
	}
}
