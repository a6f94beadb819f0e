// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// Each story is one life of a BackupSession; its transcript is in testdata under its name.
func TestStories(t *testing.T) {
	for story, tell := range map[string]func(w *world){
		"one component, the first backup succeeds": func(w *world) {
			w.then(0, "the session was created")
			w.pass()
			w.then(4*time.Second, "the pod works")
			w.works("dump", 1<<20, 5<<20)
			w.pass()
			w.then(10*time.Second, "the pod has come further")
			w.works("dump", 4<<20, 5<<20)
			w.pass()
			w.then(3*time.Second, "the pod reports success")
			w.ends("dump", "")
			w.settle()
		},
		"a short backup's Snapshot is written at its beginning and its end": func(w *world) {
			w.then(0, "the session was created")
			w.pass()
			w.then(2*time.Second, "the pod has started, and has told nothing of its progress")
			w.begins("dump")
			w.pass()
			w.then(3*time.Second, "the pod has stopped, and its Job doesn't say so yet")
			w.stops("dump")
			w.pass()
			w.then(time.Second, "the pod reports success")
			w.ends("dump", "")
			w.settle()
		},
		"a backup that tells nothing of its progress is Running all the same": func(w *world) {
			w.then(0, "the session was created")
			w.pass()
			w.then(2*time.Second, "the pod has started, and tells nothing of its progress")
			w.begins("dump")
			w.pass()
			w.then(10*time.Second, "it works, and tells nothing")
			w.pass()
			w.then(10*time.Second, "the pod reports success")
			w.ends("dump", "")
			w.settle()
		},
		"retention drops the oldest, whose data the pod has forgotten": func(w *world) {
			for i, name := range []string{"s1", "s2", "s3"} {
				w.past("repo", name, time.Duration(10-i)*24*time.Hour, storagev1alpha1.SnapshotPhaseSucceeded)
			}
			w.then(0, "the session was created")
			w.pass()
			w.then(9*time.Second, "the pod reports success and has forgotten two, as it was told")
			w.ends("dump", "", "id-of-s1", "id-of-s2")
			w.settle()
		},
		"what a user deleted with its data is forgotten too": func(w *world) {
			w.past("repo", "kept", 24*time.Hour, storagev1alpha1.SnapshotPhaseSucceeded)
			w.past("repo", "wiped", 48*time.Hour, storagev1alpha1.SnapshotPhaseSucceeded)
			w.past("repo", "left", 72*time.Hour, storagev1alpha1.SnapshotPhaseSucceeded)
			deleted := metav1.NewTime(w.began)
			w.here().Repositories[0].Past[1].DeletionTimestamp = &deleted
			w.here().Repositories[0].Past[1].Spec.DeletionPolicy = storagev1alpha1.DeletionPolicyWipeOut
			w.here().Repositories[0].Past[2].DeletionTimestamp = &deleted
			w.then(0, "the session was created; wiped is being deleted with its data, left without")
			w.pass()
			w.then(9*time.Second, "the pod reports success")
			w.ends("dump", "", "id-of-wiped")
			w.settle()
		},
		"a Snapshot that is being restored stays, and so does one that a user keeps": func(w *world) {
			for i, name := range []string{"s1", "s2", "s3", "s4"} {
				w.past("repo", name, time.Duration(10-i)*24*time.Hour, storagev1alpha1.SnapshotPhaseSucceeded)
			}
			w.here().Repositories[0].Holds = map[string]string{
				"s1": "RestoreSession shop/back reads it", "s2": "annotation kubestash.com/keep: the audit of 2026",
			}
			w.then(0, "the session was created")
			w.pass()
			w.then(9*time.Second, "the pod reports success, and that it has forgotten what it was told")
			w.ends("dump", "", "id-of-s3")
			w.settle()
		},
		"a damaged Repository loses nothing to retention": func(w *world) {
			for i, name := range []string{"s1", "s2", "s3"} {
				w.past("repo", name, time.Duration(10-i)*24*time.Hour, storagev1alpha1.SnapshotPhaseSucceeded)
			}
			w.here().Repositories[0].HoldBack = "the last check found Repository repo damaged; see its conditions."
			w.then(0, "the session was created")
			w.pass()
			w.then(9*time.Second, "the pod reports success")
			w.ends("dump", "")
			w.settle()
		},
		"a failed backup forgets nothing": func(w *world) {
			for i, name := range []string{"s1", "s2", "s3"} {
				w.past("repo", name, time.Duration(10-i)*24*time.Hour, storagev1alpha1.SnapshotPhaseSucceeded)
			}
			w.past("repo", "f1", time.Hour, storagev1alpha1.SnapshotPhaseFailed)
			w.then(0, "the session was created")
			w.pass()
			w.then(9*time.Second, "the pod reports that it could not read a file")
			w.ends("dump", "/data/secret.key: permission denied")
			w.settle()
		},
		"two components, one fails": func(w *world) {
			w.here().Components = []string{"dump-pod-0", "dump-pod-1"}
			w.then(0, "the session was created")
			w.pass()
			w.then(5*time.Second, "the first pod reports success, the second one works")
			w.ends("dump-pod-0", "")
			w.works("dump-pod-1", 1<<20, 2<<20)
			w.pass()
			w.then(5*time.Second, "the second pod reports a failure")
			w.ends("dump-pod-1", "/data: permission denied")
			w.settle()
		},
		"two components succeed, then older ones go in a last step": func(w *world) {
			w.here().Components = []string{"dump-pod-0", "dump-pod-1"}
			for i, name := range []string{"s1", "s2"} {
				w.past("repo", name, time.Duration(10-i)*24*time.Hour, storagev1alpha1.SnapshotPhaseSucceeded)
			}
			w.then(0, "the session was created")
			w.pass()
			w.then(5*time.Second, "both pods report success")
			w.ends("dump-pod-0", "")
			w.ends("dump-pod-1", "")
			w.settle()
			w.then(3*time.Second, "the last step reports what it forgot")
			w.here().Finisher = Job{Name: "job-last", Exists: true, Ended: true, Outcomes: map[string]Outcome{"repo": {Forgotten: []string{"id-of-s1"}}}}
			w.settle()
		},
		"the last step dies, so nothing is dropped": func(w *world) {
			w.here().Components = []string{"dump-pod-0", "dump-pod-1"}
			for i, name := range []string{"s1", "s2"} {
				w.past("repo", name, time.Duration(10-i)*24*time.Hour, storagev1alpha1.SnapshotPhaseSucceeded)
			}
			w.then(0, "the session was created")
			w.pass()
			w.then(5*time.Second, "both pods report success")
			w.ends("dump-pod-0", "")
			w.ends("dump-pod-1", "")
			w.settle()
			w.then(30*time.Second, "the last step died without a report")
			w.here().Finisher = Job{Name: "job-last", Exists: true, Ended: true, Failure: "its pod ended again and again without a report."}
			w.settle()
		},
		"the pod dies without a report": func(w *world) {
			w.then(0, "the session was created")
			w.pass()
			w.then(20*time.Second, "the Job failed: its pod was killed twice")
			w.dies("dump", "its pod was killed (exit code 137, OOMKilled) under a memory limit of 64Mi.")
			w.settle()
		},
		"a failed run keeps what tells whose a lock is": func(w *world) {
			w.past("repo", "killed", 2*time.Hour, storagev1alpha1.SnapshotPhaseFailed)
			w.past("repo", "unreadable", time.Hour, storagev1alpha1.SnapshotPhaseFailed)
			killed := &w.here().Repositories[0].Past[0]
			killed.Status.Conditions = []metav1alpha1.Condition{{
				Type: storagev1alpha1.ConditionBackupIncomplete, Status: metav1.ConditionTrue,
			}}
			w.then(0, "the session was created")
			w.pass()
			w.then(9*time.Second, "the pod reports that the storage is gone")
			w.ends("dump", "no such host")
			w.settle()
		},
		"the node of a pod is lost": func(w *world) {
			w.then(0, "the session was created")
			w.pass()
			w.then(20*time.Second, "the pod works")
			w.works("dump", 1<<20, 5<<20)
			w.pass()
			w.then(time.Minute, "the node does not answer any more, and the pod was told to end within a minute")
			job := w.here().Jobs["dump"]
			job.Overdue, job.Node = w.now.Add(time.Minute), "node1"
			w.here().Jobs["dump"] = job
			w.pass()
			w.then(time.Minute+30*time.Second, "it is half a minute late")
			w.pass()
			w.then(31*time.Second, "it is more than a minute late")
			w.settle()
		},
		"the last step takes too long": func(w *world) {
			w.facts.Session.Spec.BackupTimeout = &metav1.Duration{Duration: time.Minute}
			w.here().Components = []string{"dump-pod-0", "dump-pod-1"}
			for i, name := range []string{"s1", "s2"} {
				w.past("repo", name, time.Duration(10-i)*24*time.Hour, storagev1alpha1.SnapshotPhaseSucceeded)
			}
			w.then(0, "the session was created")
			w.pass()
			w.then(5*time.Second, "both pods report success")
			w.ends("dump-pod-0", "")
			w.ends("dump-pod-1", "")
			w.settle()
			w.then(55*time.Second, "the deadline has come")
			w.settle()
		},
		"the Job is deleted by somebody": func(w *world) {
			w.then(0, "the session was created")
			w.pass()
			w.then(20*time.Second, "the Job is gone")
			delete(w.here().Jobs, "dump")
			w.settle()
		},
		"a timeout ends what still runs": func(w *world) {
			w.facts.Session.Spec.BackupTimeout = &metav1.Duration{Duration: time.Minute}
			w.then(0, "the session was created")
			w.pass()
			w.then(55*time.Second, "the pod works")
			w.works("dump", 1<<20, 5<<20)
			w.pass()
			w.then(5*time.Second, "the deadline has come")
			w.settle()
		},
		"a session that somebody made by hand has the timeout of the configuration": func(w *world) {
			w.facts.Config.BackupTimeout = &metav1.Duration{Duration: time.Minute}
			w.then(0, "the session was created")
			w.pass()
			w.then(55*time.Second, "the pod works")
			w.works("dump", 1<<20, 5<<20)
			w.pass()
			w.then(5*time.Second, "the deadline has come")
			w.settle()
		},
		"the document can not be written until the deadline": func(w *world) {
			w.facts.Session.Spec.BackupTimeout = &metav1.Duration{Duration: time.Minute}
			w.then(0, "the session was created")
			w.pass()
			w.then(50*time.Second, "the pod reports that the storage refuses")
			w.ends("dump", "403 forbidden")
			w.uploadError = errors.New("AccessDenied: PutObject was refused")
			w.pass()
			w.then(10*time.Second, "the deadline has come")
			w.settle()
		},
		"the pod does not start": func(w *world) {
			w.then(0, "the session was created")
			w.pass()
			job := w.here().Jobs["dump"]
			job.Waiting = "ImagePullBackOff Back-off pulling image"
			w.here().Jobs["dump"] = job
			w.then(time.Minute, "a minute later")
			w.pass()
			w.then(time.Minute, "two minutes later")
			w.pass()
			w.then(time.Minute, "three minutes later nothing is told twice")
			w.pass()
		},
		"the configuration has no such session": func(w *world) {
			w.facts.Config = nil
			w.then(0, "the session was created")
			w.pass()
		},
		"a restore into the target has not ended": func(w *world) {
			w.here().Restoring = "RestoreSession undo restores into the target"
			w.then(0, "the slot comes while a restore is at work")
			w.pass()
		},
		"the target is gone": func(w *world) {
			w.here().Gone = "Target Deployment shop/web"
			w.then(0, "the session was created")
			w.pass()
		},
		"a Repository that is not ready yet is waited for": func(w *world) {
			w.here().Problems = []Problem{{Message: "Repository repo is not ready: it has not been initialised yet.", MayPass: true}}
			w.then(0, "the session was created")
			w.pass()
			w.then(3*time.Second, "the Repository is ready")
			w.here().Problems = nil
			w.pass()
		},
		"a Repository that stays not ready fails the run after a minute": func(w *world) {
			w.here().Problems = []Problem{{Message: "Repository repo is not ready: it has not been initialised yet.", MayPass: true}}
			w.then(0, "the session was created")
			w.pass()
			w.then(time.Minute, "a minute later")
			w.pass()
		},
		"the clock of the operator is ahead of that of the API server": func(w *world) {
			w.facts.Session.CreationTimestamp = metav1.NewTime(w.began.Add(-10 * time.Minute))
			w.here().Problems = []Problem{{Message: "Repository repo is not ready: it has not been initialised yet.", MayPass: true}}
			w.then(0, "the session was created, ten minutes ago by that clock")
			w.pass()
			w.then(59*time.Second, "the Repository is ready")
			w.here().Problems = nil
			w.pass()
		},
		"a missing password fails the run at once": func(w *world) {
			w.here().Problems = []Problem{{Message: "Encryption Secret shop/encrypt of Repository repo doesn't exist."}}
			w.then(0, "the session was created")
			w.pass()
		},
		"the document can not be written": func(w *world) {
			w.uploadError = errors.New("AccessDenied: PutObject was refused")
			w.then(0, "the session was created")
			w.pass()
			w.then(5*time.Second, "the pod reports success, but the bucket is read-only by now")
			w.ends("dump", "")
			w.pass()
			w.then(3*time.Minute, "three minutes later it is given up")
			w.settle()
		},
		"a run that the storage has refused doesn't wait long for its document": func(w *world) {
			w.uploadError = errors.New("AccessDenied: PutObject was refused")
			w.then(0, "the session was created")
			w.pass()
			w.then(5*time.Second, "the pod reports that the storage refuses")
			w.ends("dump", "403 forbidden")
			w.pass()
			w.then(15*time.Second, "a quarter of a minute later")
			w.settle()
		},
		"the Snapshot is deleted while the backup runs": func(w *world) {
			w.then(0, "the session was created")
			w.pass()
			w.then(5*time.Second, "somebody deletes the Snapshot")
			w.here().Repositories[0].Snapshot = nil
			// The Snapshot told which components there are.
			w.here().Components, w.here().Jobs, w.facts.Stray = nil, nil, []string{"job-dump"}
			w.settle()
		},
		"a failed run is tried again after its delay": func(w *world) {
			w.facts.Config.RetryConfig = &corev1alpha1.RetryConfig{MaxRetry: 2, Delay: metav1.Duration{Duration: time.Minute}}
			w.facts.Session.Spec.RetryLeft = 2
			w.then(0, "the session was created")
			w.pass()
			w.then(5*time.Second, "the pod reports a failure")
			w.ends("dump", "/data: permission denied")
			w.settle()
			w.then(30*time.Second, "half a minute later")
			w.pass()
			w.then(30*time.Second, "a minute after the failure")
			w.pass()
			w.then(time.Minute, "and never again")
			w.pass()
		},
		"the last try is not tried again": func(w *world) {
			w.facts.Config.RetryConfig = &corev1alpha1.RetryConfig{MaxRetry: 2}
			w.then(0, "the session was created, with no retry left")
			w.pass()
			w.then(5*time.Second, "the pod reports a failure")
			w.ends("dump", "/data: permission denied")
			w.settle()
			w.then(time.Minute, "a minute later")
			w.pass()
		},
		"those of a session that was taken out go by the same limit": func(w *world) {
			var former []Past
			for i, name := range []string{"web-hourly-1", "web-hourly-2", "web-hourly-3"} {
				former = append(former, Past{Name: name, Created: w.began.Add(time.Duration(i-5) * time.Hour)})
			}
			former = append(former, Past{Name: "web-hourly-4", Created: w.began, Skipped: true})
			w.facts.Former = [][]Past{former, {{Name: "web-weekly-1", Created: w.began.Add(-100 * time.Hour)}}}
			w.then(0, "the session was created")
			w.pass()
			w.then(5*time.Second, "the pod reports success")
			w.ends("dump", "")
			w.settle()
		},
		"finished sessions beyond the limit go": func(w *world) {
			limit := int32(2)
			w.facts.Config.SessionHistoryLimit = &limit
			for i, name := range []string{"web-nightly-1", "web-nightly-2", "web-nightly-3"} {
				w.facts.History = append(w.facts.History, Past{Name: name, Created: w.began.Add(time.Duration(i-5) * time.Hour)})
			}
			w.then(0, "the session was created")
			w.pass()
			w.then(5*time.Second, "the pod reports success")
			w.ends("dump", "")
			w.settle()
		},
	} {
		t.Run(story, func(t *testing.T) {
			w := newWorld(t, "repo")
			tell(w)
			w.verify(story)
		})
	}
}

func TestTwoRepositoriesInOneRun(t *testing.T) {
	const story = "two repositories, one pod"
	w := newWorld(t, "here", "there")
	w.then(0, "the session was created")
	w.pass()
	w.then(5*time.Second, "the pod reports success for one repository and a failure for the other")
	w.ends("dump", "")
	job := w.here().Jobs["dump"]
	broken := job.Outcomes["there"]
	broken.Component.Phase, broken.Component.Error = storagev1alpha1.ComponentPhaseFailed, "BackendUnreachable: connection refused"
	job.Outcomes["there"] = broken
	w.settle()
	w.verify(story)
}
