// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/queue"
	"kubestash.com/kubestash/tests/kit/apiserver"
	"kubestash.com/kubestash/tests/kit/object"
)

const (
	pending   = corev1alpha1.BackupSessionPhasePending
	succeeded = corev1alpha1.BackupSessionPhaseSucceeded
	skipped   = corev1alpha1.BackupSessionPhaseSkipped
)

// queued is the condition of a BackupSession that has waited for its turn.
func queued(s *corev1alpha1.BackupSession) *metav1alpha1.Condition {
	return metav1alpha1.FindCondition(s.Status.Conditions, corev1alpha1.ConditionQueued)
}

// A queue is one of the whole cluster, so these tests have an API server where nothing else runs.
var _ = Describe("The queue", Ordered, func() {
	var w *world
	var own apiserver.Server
	BeforeAll(func(ctx SpecContext) {
		own = apiserver.Start(GinkgoTB())
		Expect(newWorldOn(ctx, own).Catalogue(ctx)).To(Succeed())
	}, NodeTimeout(5*time.Minute))
	BeforeEach(func(ctx SpecContext) {
		w = newWorldOn(ctx, own)
		w.ground(ctx)
	})
	AfterEach(func(ctx SpecContext) { w.clear(ctx) })

	It("lets a backup wait, says for what, makes nothing for it, and lets it run when its turn has come", func(ctx SpecContext) {
		w.Limit(queue.Limits{Cluster: 1})
		w.apply(ctx, object.BackupConfiguration(w.namespace), secondConfiguration(w.namespace))
		w.settle(ctx)
		first, second := w.onlyIn(ctx, object.Configuration), w.onlyIn(ctx, "second")
		if queued(second) == nil {
			first, second = second, first // both were created in the same second
		}
		Expect(second.Status.Phase).To(Equal(pending))
		Expect(second.Status.Conditions).To(haveCondition(corev1alpha1.ConditionQueued, metav1.ConditionTrue,
			"Position 1 of 1: 1 of 1 BackupSessions run in the cluster."))
		Expect(queued(second).Reason).To(Equal("ClusterLimitReached"))
		Expect(w.jobs(ctx)).To(HaveLen(1))
		Expect(w.snapshots(ctx)).To(HaveLen(1))

		By("an operator that starts anew knows who runs")
		w.Restart()
		w.settle(ctx)
		Expect(w.jobs(ctx)).To(HaveLen(1))

		w.runJob(ctx)
		w.settle(ctx)
		Expect(w.session(ctx, first.Name).Status.Phase).To(Equal(succeeded))
		Expect(w.session(ctx, second.Name).Status.Conditions).To(haveCondition(corev1alpha1.ConditionQueued, metav1.ConditionFalse, ""))
		Expect(w.jobs(ctx)).To(HaveLen(2))
		w.runJob(ctx)
		w.settle(ctx)
		Expect(w.session(ctx, second.Name).Status.Phase).To(Equal(succeeded))
	})

	It("costs a backup that waits one write", func(ctx SpecContext) {
		w.Limit(queue.Limits{Cluster: 1})
		w.apply(ctx, object.BackupConfiguration(w.namespace), secondConfiguration(w.namespace))
		w.settle(ctx)
		for range 2 {
			w.runJob(ctx)
			w.settle(ctx)
		}
		before := len(w.Writes())
		w.apply(ctx, object.BackupSession(w.namespace, "now", object.Configuration))
		w.settle(ctx)
		w.apply(ctx, object.BackupSession(w.namespace, "later", "second"))
		w.settle(ctx)
		Expect(w.session(ctx, "later").Status.Phase).To(Equal(pending))
		for range 2 {
			w.runJob(ctx)
			w.settle(ctx)
		}
		Expect(w.session(ctx, "later").Status.Phase).To(Equal(succeeded))
		Expect(len(w.Writes())-before).To(BeNumerically("<=", 2*12+1), "%q", w.Writes()[before:])
	})

	It("counts a backup whose pod was made just before the operator died, and whose status doesn't say so", func(ctx SpecContext) {
		w.Limit(queue.Limits{Cluster: 1})
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		run := w.onlyIn(ctx, object.Configuration)
		run.Status = corev1alpha1.BackupSessionStatus{}
		Expect(w.Client.Status().Update(ctx, run)).To(Succeed())
		w.Restart()
		w.apply(ctx, secondConfiguration(w.namespace))
		w.settle(ctx)
		Expect(w.jobs(ctx)).To(HaveLen(1))
		Expect(w.onlyIn(ctx, "second").Status.Conditions).To(haveCondition(corev1alpha1.ConditionQueued, metav1.ConditionTrue, "1 of 1"))
	})

	It("keeps to the limit of a BackupStorage, which may be its own", func(ctx SpecContext) {
		storage := get[storagev1alpha1.BackupStorage](ctx, w, object.Storage)
		storage.Spec.MaxConcurrentBackups = ptr.To[int32](1)
		Expect(w.Client.Update(ctx, storage)).To(Succeed())
		w.Limit(queue.Limits{Cluster: 10})
		w.apply(ctx, object.BackupConfiguration(w.namespace), secondConfiguration(w.namespace))
		w.settle(ctx)
		var waits []string
		for _, s := range w.sessions(ctx) {
			for _, c := range s.Status.Conditions {
				if c.Type == corev1alpha1.ConditionQueued {
					waits = append(waits, c.Reason+": "+c.Message)
				}
			}
		}
		Expect(waits).To(ConsistOf("StorageLimitReached: Position 1 of 1: 1 of 1 BackupSessions run with BackupStorage " +
			w.namespace + "/" + object.Storage + "."))
	})

	It("lets a restore run at once, however many backups wait", func(ctx SpecContext) {
		w.Limit(queue.Limits{Cluster: 1})
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		snapshot := w.snapshots(ctx)[0].Name
		// A backup of another target runs: for one of its own a restore would wait.
		w.apply(ctx, object.VolumeClaim(w.namespace, "other"), object.Deployment(w.namespace, "other", "other"))
		another := secondConfiguration(w.namespace)
		another.Spec.Target.Name = "other"
		w.apply(ctx, another)
		w.settle(ctx)
		w.apply(ctx, object.RestoreSession(w.namespace, "back", snapshot))
		w.settle(ctx)
		Expect(get[corev1alpha1.RestoreSession](ctx, w, "back").Status.Phase).NotTo(Equal(corev1alpha1.RestoreSessionPhaseFailed))
		Expect(w.jobs(ctx)).To(HaveLen(3), "two of backups, one of which has ended, and the restore's")
	})

	It("forgets one that is deleted while it runs", func(ctx SpecContext) {
		w.Limit(queue.Limits{Cluster: 1})
		w.apply(ctx, object.BackupConfiguration(w.namespace), secondConfiguration(w.namespace))
		w.settle(ctx)
		runs := w.onlyJob(ctx).Name
		key := client.ObjectKey{Namespace: w.namespace, Name: runs}
		Expect(w.Client.Delete(ctx, w.session(ctx, runs))).To(Succeed())
		Expect(w.PassBackup(ctx, key)).To(Succeed(), "its finalizer goes")
		Expect(w.PassBackup(ctx, key)).To(Succeed(), "it is gone")
		Expect(w.Woken()).To(HaveLen(1))
		w.settle(ctx)
		Expect(w.jobs(ctx)).To(HaveLen(2), "that of the deleted one, which nobody collects here, and that of the other")
	})
})

var _ = Describe("Several backups of one session", func() {
	var w *world
	var slot time.Time
	BeforeEach(func(ctx SpecContext) {
		w = newWorld(ctx)
		w.ground(ctx)
		slot = w.Clock.Now().Truncate(time.Minute).Add(time.Minute)
	})
	begin := func(ctx context.Context, policy batchv1.ConcurrencyPolicy) string {
		bc := object.BackupConfiguration(w.namespace)
		bc.Spec.Sessions[0].Scheduler.ConcurrencyPolicy = policy
		w.apply(ctx, bc)
		w.settle(ctx)
		w.Step(testStep)
		return w.onlyJob(ctx).Name
	}

	It("are one that runs and one that waits; a further one is skipped", func(ctx SpecContext) {
		runs := begin(ctx, "")
		slotJob(ctx, w, slot)
		w.settle(ctx)
		waits := w.session(ctx, nameAt(slot))
		Expect(waits.Status.Phase).To(Equal(pending))
		Expect(waits.Status.Conditions).To(haveCondition(corev1alpha1.ConditionQueued, metav1.ConditionTrue, runs))
		Expect(queued(waits).Reason).To(Equal("PredecessorRunning"))

		// By hand, so that it's younger for sure also where two are created in one second.
		w.apply(ctx, object.BackupSession(w.namespace, "zz-by-hand", object.Configuration))
		w.settle(ctx)
		third := w.session(ctx, "zz-by-hand")
		Expect(third.Status.Phase).To(Equal(skipped))
		Expect(third.Status.Conditions).To(haveCondition(corev1alpha1.ConditionBackupSkipped, metav1.ConditionTrue, waits.Name))

		w.runJob(ctx)
		w.settle(ctx)
		Expect(w.onlyJob(ctx).Name).To(Equal(waits.Name))
		w.runJob(ctx)
		w.settle(ctx)
		Expect(w.session(ctx, waits.Name).Status.Phase).To(Equal(succeeded))
	})

	It("are one only with concurrencyPolicy Forbid", func(ctx SpecContext) {
		runs := begin(ctx, batchv1.ForbidConcurrent)
		slotJob(ctx, w, slot)
		w.settle(ctx)
		Expect(w.session(ctx, nameAt(slot)).Status.Conditions).To(
			haveCondition(corev1alpha1.ConditionBackupSkipped, metav1.ConditionTrue, runs+" of the same session has not finished yet, and concurrencyPolicy is Forbid"))
	})

	It("replace each other with concurrencyPolicy Replace", func(ctx SpecContext) {
		old := begin(ctx, batchv1.ReplaceConcurrent)
		slotJob(ctx, w, slot)
		w.settle(ctx)
		stopped := w.session(ctx, old)
		Expect(stopped.Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseFailed))
		Expect(stopped.Status.Conditions).To(haveCondition(corev1alpha1.ConditionReplaced, metav1.ConditionTrue, nameAt(slot)))
		Expect(w.onlyJob(ctx).Name).To(Equal(nameAt(slot)), "the old one's is gone")
		w.runJob(ctx)
		w.settle(ctx)
		Expect(w.session(ctx, nameAt(slot)).Status.Phase).To(Equal(succeeded))
	})

	It("are one for all slots that were missed", func(ctx SpecContext) {
		begin(ctx, "")
		w.runJob(ctx)
		w.settle(ctx)
		for i := range 3 {
			slotJob(ctx, w, slot.Add(time.Duration(i)*time.Minute))
		}
		w.settle(ctx)
		Expect(w.sessions(ctx)).To(HaveLen(2), "the first one, and one catch-up")
		Expect(w.onlyJob(ctx).Name).To(Equal(nameAt(slot.Add(2 * time.Minute))))
		Expect(w.warnings(object.Configuration)).To(ContainElements(
			HavePrefix("SlotMissed: The slot of "+slot.UTC().Format(time.RFC3339)),
			HavePrefix("SlotMissed: The slot of "+slot.Add(time.Minute).UTC().Format(time.RFC3339))))
	})

	It("don't pile up when they are skipped", func(ctx SpecContext) {
		begin(ctx, "")
		w.runJob(ctx)
		w.settle(ctx)
		w.settle(ctx)
		Expect(w.Client.Delete(ctx, object.Deployment(w.namespace, object.App, object.Claim))).To(Succeed())
		for i := range 8 {
			slotJob(ctx, w, slot.Add(time.Duration(i)*time.Minute))
			w.settle(ctx)
		}
		phases := map[corev1alpha1.BackupSessionPhase]int{}
		for _, s := range w.sessions(ctx) {
			phases[s.Status.Phase]++
		}
		Expect(phases).To(Equal(map[corev1alpha1.BackupSessionPhase]int{succeeded: 1, skipped: 5}), "sessionHistoryLimit is 5")
	})
})

// secondConfiguration backs the same Deployment up into a Repository of its own.
func secondConfiguration(namespace string) *corev1alpha1.BackupConfiguration {
	bc := object.BackupConfiguration(namespace)
	bc.Name = "second"
	bc.Spec.Sessions[0].Repositories[0].Name = "second"
	bc.Spec.Sessions[0].Repositories[0].Directory = "demo/second"
	return bc
}

func (w *world) session(ctx context.Context, name string) *corev1alpha1.BackupSession {
	GinkgoHelper()
	return get[corev1alpha1.BackupSession](ctx, w, name)
}

// onlyIn is the one BackupSession of a BackupConfiguration.
func (w *world) onlyIn(ctx context.Context, configuration string) *corev1alpha1.BackupSession {
	GinkgoHelper()
	var found []corev1alpha1.BackupSession
	for _, s := range w.sessions(ctx) {
		if s.Spec.Invoker.Name == configuration {
			found = append(found, s)
		}
	}
	Expect(found).To(HaveLen(1), "BackupSessions of %s", configuration)
	return &found[0]
}
