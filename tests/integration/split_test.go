// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"context"
	"fmt"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/tests/kit/hand"
	"kubestash.com/kubestash/tests/kit/object"
)

// Leader election doesn't exclude that two operators work for a moment: the one that has lost its Lease hears of it
// late, and what it has sent is on its way.
var _ = Describe("Two operators that both believe to lead", func() {
	It("that work at the same time make no second Job and no second Snapshot", func(ctx SpecContext) {
		w := newWorld(ctx)
		other := anotherOperator(ctx)
		keepOne(ctx, w)
		for _, name := range []string{"second", "third"} {
			w.Step(testStep)
			other.Step(w.Clock.Now().Sub(other.Clock.Now()))
			w.apply(ctx, object.BackupSession(w.namespace, name, object.Configuration))
			together(ctx, w, other)
			Expect(w.snapshots(ctx)).To(HaveLen(2), "that of before and that of now")
			w.runJob(ctx)
			together(ctx, w, other)
			Expect(get[corev1alpha1.BackupSession](ctx, w, name).Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSucceeded))
			Expect(w.snapshots(ctx)).To(HaveLen(1))
		}
		Expect(w.jobs(ctx)).To(HaveLen(3))
	})
})

// A pass that was overtaken acts on what it saw before: it writes what is there already, and must take it for its own.
var _ = Describe("An operator that another one overtakes in the middle of its pass", func() {
	It("makes no second Job and no second Snapshot, at whichever write it is overtaken", func(ctx SpecContext) {
		w := newWorld(ctx)
		other := anotherOperator(ctx)
		keepOne(ctx, w)
		other.Step(w.Clock.Now().Sub(other.Clock.Now()))
		Expect(other.Settle(ctx, w.namespace)).To(Succeed())
		overtaken := 0
		for n := 1; ; n++ {
			name := fmt.Sprintf("run-%d", n)
			for _, d := range []*hand.Driver{w.Driver, other} {
				d.Step(testStep)
			}
			w.apply(ctx, object.BackupSession(w.namespace, name, object.Configuration))
			done := other.Overtake(n, func() { w.settle(ctx) })
			_ = other.Round(ctx, w.namespace) // what it meets is for its next pass
			if !done() {
				break
			}
			overtaken++
			together(ctx, w, other)
			Expect(w.jobs(ctx)).To(HaveLen(n+1), "the Jobs after run %d", n)
			Expect(w.snapshots(ctx)).To(HaveLen(2), "that of before and that of now")
			w.runJob(ctx)
			together(ctx, w, other)
			Expect(get[corev1alpha1.BackupSession](ctx, w, name).Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSucceeded))
			Expect(w.snapshots(ctx)).To(HaveLen(1))
		}
		// A Snapshot and its status, a Secret, a Job, the status of the run.
		Expect(overtaken).To(BeNumerically(">=", 5))
	})
})

func anotherOperator(ctx context.Context) *hand.Driver {
	GinkgoHelper()
	other, err := hand.New(ctx, server.Admin, server.Operator, time.Now(), ctrl.Log)
	Expect(err).NotTo(HaveOccurred())
	return other
}

// together has both operators look at everything at the same time, several times over, until neither has anything to
// do.
func together(ctx context.Context, w *world, other *hand.Driver) {
	GinkgoHelper()
	for range 6 {
		var both sync.WaitGroup
		for _, d := range []*hand.Driver{w.Driver, other} {
			both.Add(1)
			go func() {
				defer both.Done()
				// They are in each other's way, which is what conflicts are for.
				_ = d.Round(ctx, w.namespace)
			}()
		}
		both.Wait()
	}
	Expect(w.Settle(ctx, w.namespace)).To(Succeed())
	Expect(other.Settle(ctx, w.namespace)).To(Succeed())
}

var _ = Describe("An operator whose clock jumps two hours ahead", func() {
	It("ends a run that has a deadline by its own clock, late or early", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.ground(ctx)
		bc := object.BackupConfiguration(w.namespace)
		bc.Spec.Sessions[0].BackupTimeout = &metav1.Duration{Duration: 10 * time.Minute}
		w.apply(ctx, bc)
		w.settle(ctx)
		_, err := w.StartPod(ctx, w.onlyJob(ctx))
		Expect(err).NotTo(HaveOccurred())
		w.settle(ctx)
		w.Step(2 * time.Hour)
		w.settle(ctx)
		run := theOnly(w.sessions(ctx))
		Expect(run.Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseFailed))
		Expect(w.warnings(run.Name)).To(ContainElement(ContainSubstring("backupTimeout")))
		w.apply(ctx, object.BackupSession(w.namespace, "next", object.Configuration))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		Expect(get[corev1alpha1.BackupSession](ctx, w, "next").Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSucceeded))
	})
})
