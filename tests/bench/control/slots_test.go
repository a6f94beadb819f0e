//go:build bench

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/tests/bench"
	"kubestash.com/kubestash/tests/kit/object"
)

const (
	// An idle operator answers within this, in 99 cases of 100.
	goalLatency = 200 * time.Millisecond
	goalWrites  = 12
	// usualOld are the writes for what goes: a Snapshot is marked, deleted and released, a BackupSession is deleted and released.
	usualOld = 5
	// warmUp is how many backups there are before the ones that are measured: from then on, each makes a Snapshot and a BackupSession go.
	warmUp = 7
	// slotPods is how long the pod of a backup runs.
	slotPods = 2 * time.Second
	// quiet is how long after its end a backup is still written about: its Repository counts a second later.
	quiet = 2500 * time.Millisecond
)

// slot is one backup: the Job that a CronJob makes, and what came of it.
type slot struct {
	job, session string
	at           time.Time
}

// slots lets one BackupConfiguration be due again and again, each time when nothing else is to be done.
func slots(t *testing.T, binary string) []row {
	c := newCluster(t, true)
	c.namespace(t, "app")
	c.configured(t, "app", "app", object.Storage)
	p := c.play(t, slotPods)
	start(t, binary, c.kubeconfig)
	c.ready(t, 1, 2*time.Minute)
	cronJob := &batchv1.CronJob{}
	must(t, c.client.Get(t.Context(), client.ObjectKey{Namespace: "app", Name: "trigger-app-" + object.Session}, cronJob))
	number := int(bench.Scaled(100))
	begin := time.Now().Add(-time.Duration(warmUp+number) * time.Minute).Truncate(time.Minute)
	var all []slot
	for i := range warmUp + number {
		all = append(all, c.due(t, cronJob, begin.Add(time.Duration(i)*time.Minute)))
		await(t, "the backup has succeeded", time.Minute, func() bool { return p.ended(corev1alpha1.BackupSessionPhaseSucceeded) == i+1 })
		time.Sleep(quiet)
	}
	return judged(t, c, p, all)
}

// due makes the Job of a slot, as Kubernetes does.
func (c *cluster) due(t *testing.T, cronJob *batchv1.CronJob, at time.Time) slot {
	t.Helper()
	template := cronJob.Spec.JobTemplate.DeepCopy()
	job := &batchv1.Job{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
	job.Namespace, job.Name = cronJob.Namespace, fmt.Sprintf("%s-%d", cronJob.Name, at.Unix()/60)
	if job.Annotations == nil {
		job.Annotations = map[string]string{}
	}
	job.Annotations[batchv1.CronJobScheduledTimestampAnnotation] = at.Format(time.RFC3339)
	job.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(cronJob, batchv1.SchemeGroupVersion.WithKind("CronJob"))}
	s := slot{job: job.Name, session: object.BackupSessionName("app", at), at: time.Now()}
	must(t, c.client.Create(t.Context(), job))
	return s
}

// judged reads from the server's record how long everything took, and how much was written.
func judged(t *testing.T, c *cluster, p *player, all []slot) []row {
	t.Helper()
	record := c.audit.read(t)
	user := c.server.Operator.Impersonate.UserName
	made := map[string]time.Time{}
	for _, r := range record {
		for _, resource := range []string{"jobs", "backupsessions"} {
			if r.made(resource) {
				made[resource+"/"+r.Object.Name] = r.Done
			}
		}
	}
	var toSession, toJob []time.Duration
	var writes, old, events, reads []int
	sequences := map[string]int{}
	for i, s := range all[warmUp:] {
		job, session, pod := made["jobs/"+s.job], made["backupsessions/"+s.session], made["jobs/"+s.session]
		if job.IsZero() || session.IsZero() || pod.IsZero() {
			t.Fatalf("the record tells nothing of slot %s: %v, %v, %v", s.job, job, session, pod)
		}
		toSession, toJob = append(toSession, session.Sub(job)), append(toJob, pod.Sub(session))
		until := time.Now()
		if next := warmUp + i + 1; next < len(all) {
			until = all[next].at
		}
		w, e, r := load(between(record, s.at, until), user)
		own := slices.DeleteFunc(slices.Clone(w), s.isAboutOlder)
		writes, old, events, reads = append(writes, len(own)), append(old, len(w)-len(own)), append(events, e), append(reads, r)
		sequences[sequence(w)]++
	}
	// A busy machine makes some take more: a pass that met an outdated cache is repeated, and a slow backup tells of its progress.
	if usual := middle(writes); usual > goalWrites {
		t.Errorf("a backup takes %d writes, not %d", usual, goalWrites)
	}
	if usual := middle(old); usual > usualOld {
		t.Errorf("what a backup drops takes %d writes, not %d", usual, usualOld)
	}
	begun := p.beganJobs()
	if begun != len(all) {
		t.Errorf("%d pods for %d backups", begun, len(all))
	}
	fmt.Printf("what is written for a backup:\n%s\n", counted(sequences))
	return []row{
		latency("Job of a slot made → BackupSession made", toSession, goalLatency), latency("BackupSession made → its Job made", toJob, goalLatency),
		{"pods of a backup of one component", fmt.Sprintf("%.2f", float64(begun)/float64(len(all))), "1", begun == len(all)},
		{
			"API writes of a backup, from its slot to its end", fmt.Sprintf("median %d, most %d", middle(writes), slices.Max(writes)),
			fmt.Sprintf("≤ %d", goalWrites), middle(writes) <= goalWrites,
		},
		{
			what:   "beside them, for the older Snapshot and BackupSession that go with it",
			figure: fmt.Sprintf("median %d, most %d", middle(old), slices.Max(old)),
		},
		{what: "events and reads of a backup", figure: fmt.Sprintf("median %d and %d", middle(events), middle(reads))},
	}
}

// isAboutOlder reports whether a request is about a Snapshot or a BackupSession that isn't this slot's.
func (s slot) isAboutOlder(r request) bool {
	return (r.Object.Resource == "snapshots" || r.Object.Resource == "backupsessions") && !strings.Contains(r.Object.Name, s.session)
}

func latency(what string, took []time.Duration, goal time.Duration) row {
	p99 := percentile(took, 99)
	return row{
		fmt.Sprintf("%s, %d times", what, len(took)), fmt.Sprintf("p50 %s, p99 %s", milliseconds(percentile(took, 50)), milliseconds(p99)),
		"p99 ≤ " + milliseconds(goal), p99 <= goal,
	}
}

func middle(numbers []int) int {
	return slices.Sorted(slices.Values(numbers))[len(numbers)/2]
}

func sequence(writes []request) string {
	var out []string
	for _, w := range writes {
		out = append(out, w.String())
	}
	return strings.Join(out, ", ")
}

// counted tells the three most frequent, and the longest.
func counted(sequences map[string]int) string {
	var out []string
	longest := ""
	for s, n := range sequences {
		out = append(out, fmt.Sprintf("%4d × %s", n, s))
		if len(s) > len(longest) {
			longest = s
		}
	}
	slices.Sort(out)
	slices.Reverse(out)
	return strings.Join(out[:min(len(out), 3)], "\n") + "\nat most:\n       " + longest
}
