// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/queue"
)

func (w *world) policy(p batchv1.ConcurrencyPolicy) {
	w.facts.Config.Scheduler = &corev1alpha1.SchedulerSpec{ConcurrencyPolicy: p}
}

const (
	earlier = "web-nightly-1795316400"
	later   = "web-nightly-1795489200"
)

// Stories of the queue, and of several BackupSessions of one session.
func TestQueueStories(t *testing.T) {
	for story, tell := range map[string]func(w *world){
		"its turn comes after hours in the queue and the timeout counts from then": func(w *world) {
			w.facts.Session.Spec.BackupTimeout = &metav1.Duration{Duration: time.Hour}
			w.facts.Turn = &queue.Turn{Position: 14, Total: 230, Cause: queue.Cluster, Running: 10, Limit: 10}
			w.then(0, "the session was created")
			w.pass()
			w.then(72*time.Second, "others have had their turn")
			w.facts.Turn = &queue.Turn{Position: 2, Total: 218, Cause: queue.Cluster, Running: 10, Limit: 10}
			w.pass()
			w.then(2*time.Hour, "the cluster has room, and the storage has not")
			w.facts.Turn = &queue.Turn{Position: 1, Total: 9, Cause: queue.OfStorage, What: "ops/nas", Running: 2, Limit: 2}
			w.pass()
			w.then(time.Minute, "its turn has come")
			w.facts.Turn = &queue.Turn{Admitted: true}
			w.pass()
			w.say("  deadline  %s after the session was created", w.facts.Session.Status.BackupDeadline.Sub(w.began))
			w.then(7*time.Second, "the pod reports success")
			w.ends("dump", "")
			w.settle()
		},
		"the timeout comes after hours in the queue": func(w *world) {
			w.facts.Session.Spec.BackupTimeout = &metav1.Duration{Duration: time.Minute}
			w.facts.Turn = &queue.Turn{Position: 1, Total: 1, Cause: queue.OfNode, What: "node-1", Running: 1, Limit: 1}
			w.then(0, "the session was created")
			w.pass()
			w.then(2*time.Hour, "its turn has come")
			w.facts.Turn = &queue.Turn{Admitted: true}
			w.pass()
			w.then(time.Minute, "the deadline has come, and the pod still works")
			w.works("dump", 1<<20, 5<<20)
			w.settle()
		},
		"what is missing when the turn comes has its minute to appear": func(w *world) {
			w.facts.Turn = &queue.Turn{Position: 3, Total: 3, Cause: queue.Cluster, Running: 1, Limit: 1}
			w.then(0, "the session was created")
			w.pass()
			w.then(time.Hour, "its turn has come, and the operator doesn't know the addon yet")
			w.facts.Turn = &queue.Turn{Admitted: true}
			w.here().Problems = []Problem{{Message: `Addon "workload-addon" doesn't exist.`, MayPass: true}}
			w.pass()
			w.then(59*time.Second, "the addon is there, and meanwhile others have taken the room")
			w.here().Problems = nil
			w.facts.Turn = &queue.Turn{Position: 1, Total: 1, Cause: queue.Cluster, Running: 1, Limit: 1}
			w.pass()
			w.then(3*time.Second, "its turn has come")
			w.facts.Turn = &queue.Turn{Admitted: true}
			w.pass()
		},
		"one more waits for the one that runs": func(w *world) {
			w.facts.Siblings.Running = earlier
			w.facts.Turn = &queue.Turn{Position: 1, Total: 1, Cause: queue.Predecessor, What: earlier}
			w.then(0, "the session was created")
			w.pass()
			w.then(time.Hour, "the one before it has ended")
			w.facts.Siblings, w.facts.Turn = Siblings{}, &queue.Turn{Admitted: true}
			w.pass()
		},
		"one runs and one waits so a third one is skipped": func(w *world) {
			w.facts.Siblings = Siblings{Running: earlier, Waiting: "web-nightly-1795399200"}
			w.then(0, "the session was created")
			w.pass()
			w.then(time.Hour, "an hour later it stays skipped")
			w.facts.Siblings = Siblings{}
			w.pass()
		},
		"concurrencyPolicy Forbid skips what comes while one runs": func(w *world) {
			w.policy(batchv1.ForbidConcurrent)
			w.facts.Siblings.Running = earlier
			w.then(0, "the session was created")
			w.pass()
		},
		"concurrencyPolicy Replace stops what runs": func(w *world) {
			w.policy(batchv1.ReplaceConcurrent)
			w.facts.Config.RetryConfig = &corev1alpha1.RetryConfig{MaxRetry: 3}
			w.facts.Session.Spec.RetryLeft = 3
			w.then(0, "the session was created")
			w.pass()
			w.then(20*time.Second, "the pod works")
			w.works("dump", 1<<20, 5<<20)
			w.pass()
			w.then(40*time.Second, "the next slot came")
			w.facts.Siblings = Siblings{Next: later, Newer: later}
			w.settle()
			w.then(time.Minute, "it is not tried again: the new one does that")
			w.pass()
		},
		"concurrencyPolicy Replace leaves a backup alone that has just succeeded": func(w *world) {
			w.policy(batchv1.ReplaceConcurrent)
			w.then(0, "the session was created")
			w.pass()
			w.then(40*time.Second, "the pod reports success, and the next slot came")
			w.ends("dump", "")
			w.facts.Siblings = Siblings{Next: later, Newer: later}
			w.settle()
		},
		"concurrencyPolicy Replace lets the new one wait until the old one has ended": func(w *world) {
			w.policy(batchv1.ReplaceConcurrent)
			w.facts.Siblings.Running = earlier
			w.facts.Turn = &queue.Turn{Position: 1, Total: 1, Cause: queue.Predecessor, What: earlier}
			w.then(0, "the session was created")
			w.pass()
			w.then(2*time.Second, "the old one has ended")
			w.facts.Siblings, w.facts.Turn = Siblings{}, &queue.Turn{Admitted: true}
			w.pass()
		},
		"the operator was down when a retry was due": func(w *world) {
			w.facts.Config.RetryConfig = &corev1alpha1.RetryConfig{MaxRetry: 2, Delay: metav1.Duration{Duration: time.Minute}}
			w.facts.Session.Spec.RetryLeft = 1
			w.then(0, "the session was created")
			w.pass()
			w.then(5*time.Second, "the pod reports a failure")
			w.ends("dump", "/data: permission denied")
			w.settle()
			w.then(5*time.Hour, "the operator is back")
			w.pass()
			w.then(time.Second, "and looks again")
			w.pass()
		},
		"a retry is dropped when a newer backup is there": func(w *world) {
			w.facts.Config.RetryConfig = &corev1alpha1.RetryConfig{MaxRetry: 2, Delay: metav1.Duration{Duration: time.Minute}}
			w.facts.Session.Spec.RetryLeft = 1
			w.then(0, "the session was created")
			w.pass()
			w.then(5*time.Second, "the pod reports a failure")
			w.ends("dump", "/data: permission denied")
			w.settle()
			w.then(time.Minute, "the next slot came before the retry")
			w.facts.Siblings.Newer = later
			w.pass()
		},
		"what is skipped pushes out only what was skipped": func(w *world) {
			limit := int32(2)
			w.facts.Config.SessionHistoryLimit = &limit
			for i, name := range []string{"backup-1", "skipped-2", "backup-3", "skipped-4", "skipped-5"} {
				w.facts.History = append(w.facts.History, Past{
					Name: name, Created: w.began.Add(time.Duration(i-5) * time.Hour), Skipped: name[0] == 's',
				})
			}
			w.here().Gone = "Target Deployment shop/web"
			w.then(0, "the session was created")
			w.pass()
		},
		"the session is taken out of the configuration while its backup runs": func(w *world) {
			w.then(0, "the session was created")
			w.pass()
			w.facts.Config, w.facts.Invoker.Sessions = nil, nil
			w.here().Repositories[0].Policy, w.here().Repositories[0].PolicyRef = nil, metav1alpha1.ObjectReference{}
			w.then(5*time.Second, "somebody takes it out; the pod reports success")
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
