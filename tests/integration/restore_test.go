// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/tests/kit/object"
)

var _ = Describe("A restore", func() {
	var w *world
	BeforeEach(func(ctx SpecContext) {
		w = newWorld(ctx)
		w.ground(ctx)
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
	})

	It("brings back the latest Snapshot that succeeded, in one Job", func(ctx SpecContext) {
		w.Step(testStep)
		w.apply(ctx, object.BackupSession(w.namespace, "newer", object.Configuration))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		w.Step(testStep)
		w.apply(ctx, object.BackupSession(w.namespace, "newest-but-failed", object.Configuration))
		w.settle(ctx)
		failJob(ctx, w, engine.ClassUnreadable, "/data/x: permission denied")
		w.settle(ctx)

		w.apply(ctx, object.RestoreSession(w.namespace, "restore", "latest"))
		w.settle(ctx)
		job := w.onlyJob(ctx)
		Expect(job.Name).To(Equal("restore"))
		order, err := w.TaskOf(ctx, job)
		Expect(err).NotTo(HaveOccurred())
		Expect(order.Kind).To(Equal(task.KindRestore))
		Expect(order.Repositories).To(HaveLen(1))
		Expect(order.Repositories[0].Snapshot).To(Equal(object.Repository + "-newer"))
		pod, err := w.StartPod(ctx, job)
		Expect(err).NotTo(HaveOccurred())
		w.settle(ctx)
		Expect(restore(ctx, w).Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseRunning))
		Expect(w.EndPod(ctx, job, pod, w.success(order))).To(Succeed())
		w.settle(ctx)
		done := restore(ctx, w)
		Expect(done.Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseSucceeded), "%+v", done.Status)
		Expect(done.Status.TargetFound).To(HaveValue(BeTrue()))
		Expect(done.Status.TotalComponents).To(BeEquivalentTo(1))
		Expect(done.Status.Components["dump"].Phase).To(Equal(corev1alpha1.RestoreSessionPhaseSucceeded))
		Expect(done.Status.Duration).NotTo(BeEmpty())
		Expect(w.Client.Get(ctx, keyOf(w, "restore"), &corev1.Secret{})).NotTo(Succeed(), "its Secret is gone")
	})

	It("brings back a Snapshot by its name", func(ctx SpecContext) {
		first := theOnly(w.snapshots(ctx))
		w.Step(testStep)
		w.apply(ctx, object.BackupSession(w.namespace, "newer", object.Configuration))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		w.apply(ctx, object.RestoreSession(w.namespace, "restore", first.Name))
		w.settle(ctx)
		order := w.runJob(ctx)
		Expect(order.Repositories[0].Snapshot).To(Equal(first.Name))
		Expect(order.Restore.Snapshots).To(ConsistOf(task.RestoreSnapshot{
			ID: first.Status.Components["dump"].ResticStats[0].Summary.ID, Path: object.MountPath,
		}))
		w.settle(ctx)
		Expect(restore(ctx, w).Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseSucceeded))
	})

	It("never succeeds with nothing to restore", func(ctx SpecContext) {
		for name, source := range map[string]corev1alpha1.RestoreDataSource{
			"no-such-snapshot":   {Repository: object.Repository, Snapshot: "nothing"},
			"no-such-repository": {Repository: "nothing", Snapshot: "latest"},
			"wrong-repository":   {Repository: "nothing", Snapshot: theOnly(w.snapshots(ctx)).Name},
			"no-such-component":  {Repository: object.Repository, Snapshot: "latest", Components: []string{"dump", "wal"}},
		} {
			session := object.RestoreSession(w.namespace, name, "")
			session.Spec.DataSource = source.DeepCopy()
			w.apply(ctx, session)
		}
		w.settle(ctx)
		w.Step(2 * time.Minute)
		w.settle(ctx)
		var list corev1alpha1.RestoreSessionList
		Expect(w.Client.List(ctx, &list, inNamespace(w))).To(Succeed())
		Expect(list.Items).To(HaveLen(4))
		for _, s := range list.Items {
			Expect(s.Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseFailed), s.Name)
			Expect(w.warnings(s.Name)).NotTo(BeEmpty(), s.Name)
		}
		Expect(w.jobs(ctx)).To(HaveLen(1), "the backup's")
	})

	It("fails when its target isn't there, and says so", func(ctx SpecContext) {
		session := object.RestoreSession(w.namespace, "restore", "latest")
		session.Spec.Target.Name = "nobody"
		w.apply(ctx, session)
		w.settle(ctx)
		w.Step(2 * time.Minute)
		w.settle(ctx)
		done := restore(ctx, w)
		Expect(done.Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseFailed))
		Expect(done.Status.Conditions).To(haveCondition(corev1alpha1.ConditionRestoreTargetFound, metav1.ConditionFalse, "nobody"))
	})

	It("fails with what its pod says", func(ctx SpecContext) {
		w.apply(ctx, object.RestoreSession(w.namespace, "restore", "latest"))
		w.settle(ctx)
		failJob(ctx, w, engine.ClassPassword, "the password opens none of the keys")
		w.settle(ctx)
		done := restore(ctx, w)
		Expect(done.Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseFailed))
		Expect(done.Status.Components["dump"].Error).To(ContainSubstring("WrongPassword"))
		Expect(w.warnings("restore")).To(ContainElement(ContainSubstring("WrongPassword")))
	})
})

func restore(ctx context.Context, w *world) *corev1alpha1.RestoreSession {
	GinkgoHelper()
	return get[corev1alpha1.RestoreSession](ctx, w, "restore")
}

// failJob plays the one open Job to a bad end that its pod has reported.
func failJob(ctx context.Context, w *world, class engine.Class, message string) {
	GinkgoHelper()
	job := w.onlyJob(ctx)
	order, err := w.TaskOf(ctx, job)
	Expect(err).NotTo(HaveOccurred())
	pod, err := w.StartPod(ctx, job)
	Expect(err).NotTo(HaveOccurred())
	report := w.success(order)
	report.Succeeded = false
	for i := range report.Repositories {
		r := &report.Repositories[i]
		*r = task.RepositoryReport{Name: r.Name, Snapshot: r.Snapshot, Class: class, Message: message}
	}
	Expect(w.EndPod(ctx, job, pod, report)).To(Succeed())
}
