//go:build bench

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/tests/bench"
	"kubestash.com/kubestash/tests/kit/object"
)

const (
	manyLimit = 10
	manyPods  = 500 * time.Millisecond
	// manyWrites is what one may write on the average: as others do, and its place in the line when it begins to wait and a few times later.
	manyWrites = goalWrites + 5
	// Each namespace but the first has that many BackupSessions; the first has all the others.
	smallShare = 3
)

// night is many BackupSessions that are due at once.
type night struct {
	keys []client.ObjectKey
	// small is how many namespaces there are beside the big one.
	small int
}

// newNight gives two fifths of all to one namespace.
func newNight(sessions int) night {
	n := night{small: max(sessions*3/5/smallShare, 1)}
	for i := range sessions {
		namespace := "many-000"
		if i < n.small*smallShare {
			namespace = fmt.Sprintf("many-%03d", 1+i%n.small)
		}
		n.keys = append(n.keys, client.ObjectKey{Namespace: namespace, Name: fmt.Sprintf("app-%04d", i)})
	}
	return n
}

// many creates them as fast as the server takes them, and waits until all have ended.
func many(t *testing.T, binary string) []row {
	c := newCluster(t, true)
	n := newNight(int(bench.Scaled(1000)))
	for i := range n.small + 1 {
		c.namespace(t, fmt.Sprintf("many-%03d", i))
	}
	each(len(n.keys), func(i int) { c.configured(t, n.keys[i].Namespace, n.keys[i].Name, object.Storage) })
	o := start(t, binary, c.kubeconfig, fmt.Sprintf("--max-concurrent-backups=%d", manyLimit))
	c.ready(t, len(n.keys), 20*time.Minute)
	p := c.play(t, manyPods)

	order := rand.Perm(len(n.keys))
	began := time.Now()
	each(len(order), func(i int) {
		key := n.keys[order[i]]
		c.make(t, object.BackupSession(key.Namespace, key.Name, key.Name))
	})
	created := time.Now()
	await(t, "all BackupSessions have ended", 30*time.Minute, func() bool { return p.finished() == len(n.keys) })
	drained := time.Now()
	time.Sleep(quiet)
	used := o.used(t)
	o.keepProfile(t, "many")
	record := between(c.audit.read(t), began, time.Now())
	writes, events, reads := load(record, c.server.Operator.Impersonate.UserName)
	perSession := func(number int) string { return fmt.Sprintf("%.1f", float64(number)/float64(len(n.keys))) }
	fmt.Printf("what is written for each of %d BackupSessions:\n%s\n", len(n.keys), perRequest(writes, len(n.keys)))
	if len(writes) > manyWrites*len(n.keys) {
		t.Errorf("a BackupSession takes %s writes, not %d", perSession(len(writes)), manyWrites)
	}
	return append([]row{
		{
			fmt.Sprintf("time to create %d BackupSessions", len(n.keys)), created.Sub(began).Round(100 * time.Millisecond).String(), "≤ 1m",
			created.Sub(began) <= time.Minute,
		},
		{what: fmt.Sprintf("time to the end of the last (with pods of %s, at least %s)", manyPods,
			time.Duration(len(n.keys)/manyLimit)*manyPods), figure: drained.Sub(began).Round(100 * time.Millisecond).String()},
	}, append(n.judged(t, p, record, created), []row{
		{
			"API writes of each BackupSession", perSession(len(writes)), fmt.Sprintf("≤ %d", manyWrites), len(writes) <= manyWrites*len(n.keys),
		},
		{what: "events and reads of each BackupSession", figure: perSession(events) + " and " + perSession(reads)},
		{what: "memory meanwhile", figure: "peak " + mebibytes(used.peak)},
	}...)...)
}

// perRequest tells of each kind of request how many there are for a session, the most frequent first.
func perRequest(requests []request, sessions int) string {
	times := map[string]int{}
	for _, r := range requests {
		times[r.String()]++
	}
	kinds := slices.SortedFunc(maps.Keys(times), func(a, b string) int { return cmp.Or(times[b]-times[a], cmp.Compare(a, b)) })
	var out []string
	for _, kind := range kinds {
		out = append(out, fmt.Sprintf("%6.2f × %s", float64(times[kind])/float64(sessions), kind))
	}
	return strings.Join(out, "\n")
}

// finished counts the BackupSessions that have come to an end of any kind.
func (p *player) finished() int {
	return p.ended(corev1alpha1.BackupSessionPhaseSucceeded) + p.ended(corev1alpha1.BackupSessionPhaseFailed) +
		p.ended(corev1alpha1.BackupSessionPhaseSkipped)
}

// judged holds against the goals what doesn't depend on the machine.
func (n night) judged(t *testing.T, p *player, record []request, created time.Time) []row {
	t.Helper()
	if p.mostJobs > manyLimit || p.mostSessions > manyLimit {
		t.Errorf("%d Jobs and %d BackupSessions ran at once, not %d", p.mostJobs, p.mostSessions, manyLimit)
	}
	lost := len(n.keys) - p.ended(corev1alpha1.BackupSessionPhaseSucceeded)
	times := map[client.ObjectKey]int{}
	var begun []request
	for _, r := range record {
		if r.made("jobs") {
			times[client.ObjectKey{Namespace: r.Object.Namespace, Name: r.Object.Name}]++
			begun = append(begun, r)
		}
	}
	for _, key := range n.keys {
		if times[key] == 0 {
			t.Errorf("BackupSession %s never got a Job", key)
		}
	}
	twice := len(begun) - len(times)
	if twice > 0 || len(times) > len(n.keys) {
		t.Errorf("%d Jobs were made twice; there were %d for %d BackupSessions", twice, len(times), len(n.keys))
	}
	if lost != 0 {
		t.Errorf("%d BackupSessions didn't succeed: %v", lost, slices.Collect(maps.Values(p.phases)))
	}
	turns := bigTurns(begun, created)
	if turns > 2*manyLimit {
		t.Errorf("the small namespaces waited for %d turns of the big one", turns)
	}
	return []row{
		{"Jobs and BackupSessions that ran at once, at most", fmt.Sprintf("%d and %d", p.mostJobs, p.mostSessions), fmt.Sprintf("≤ %d", manyLimit),
			p.mostJobs <= manyLimit && p.mostSessions <= manyLimit},
		{"lost, and run twice", fmt.Sprintf("%d and %d", lost, twice), "0", lost == 0 && twice == 0},
		{fmt.Sprintf("turns of the big namespace (%d) until the last of %d small ones (%d each) had its last", len(n.keys)-n.small*smallShare, n.small, smallShare),
			fmt.Sprint(turns), fmt.Sprintf("≤ %d", 2*manyLimit), turns <= 2*manyLimit},
	}
}

// bigTurns counts how often it was the big namespace's turn while others waited, from when all were there.
func bigTurns(begun []request, created time.Time) int {
	last := len(begun)
	for last > 0 && begun[last-1].Object.Namespace == "many-000" {
		last--
	}
	turns := 0
	for _, r := range begun[:last] {
		if r.Object.Namespace == "many-000" && r.Received.After(created) {
			turns++
		}
	}
	return turns
}
