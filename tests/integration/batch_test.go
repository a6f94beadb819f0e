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
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/tests/kit/object"
)

var _ = Describe("A BackupBatch", func() {
	var w *world
	BeforeEach(func(ctx SpecContext) {
		w = newWorld(ctx)
		w.ground(ctx)
	})

	It("backs several targets up in one session, each into its own Repository", func(ctx SpecContext) {
		w.apply(ctx, object.VolumeClaim(w.namespace, object.Uploads), object.BackupBatch(w.namespace))
		w.settle(ctx)
		batch := get[corev1alpha1.BackupBatch](ctx, w, object.Batch)
		Expect(batch.Status.Phase).To(Equal(corev1alpha1.BackupConfigurationPhaseReady))
		Expect(batch.Status.Targets).To(HaveLen(2))
		Expect(batch.Status.Targets).To(HaveEach(HaveField("Found", HaveValue(BeTrue()))))
		cronJob := get[batchv1.CronJob](ctx, w, "trigger-"+object.Batch+"-"+object.Session)
		Expect(metav1.IsControlledBy(cronJob, batch)).To(BeTrue())

		run := theOnly(w.sessions(ctx))
		Expect(run.Spec.Invoker.Kind).To(Equal(corev1alpha1.KindBackupBatch))
		Expect(w.endJobs(ctx, nil)).To(ConsistOf(run.Name+"-app-dump", run.Name+"-uploads-dump"))
		w.settle(ctx)

		Expect(w.Client.Get(ctx, client.ObjectKeyFromObject(&run), &run)).To(Succeed())
		Expect(run.Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSucceeded))
		Expect(run.Status.TotalSnapshots).To(HaveValue(BeEquivalentTo(2)))
		for name, kind := range map[string]string{"app-repo": "Deployment", "uploads-repo": "PersistentVolumeClaim"} {
			repo := get[storagev1alpha1.Repository](ctx, w, name)
			Expect(repo.Spec.AppRef.Kind).To(Equal(kind))
			Expect(repo.Status.SnapshotCount).To(HaveValue(BeEquivalentTo(1)), name)
		}
		for _, s := range w.snapshots(ctx) {
			Expect(s.Status.Phase).To(Equal(storagev1alpha1.SnapshotPhaseSucceeded))
			Expect(s.Spec.AppRef).To(Equal(get[storagev1alpha1.Repository](ctx, w, s.Spec.Repository).Spec.AppRef))
		}
		var secrets corev1.SecretList
		Expect(w.Client.List(ctx, &secrets, client.InNamespace(w.namespace))).To(Succeed())
		Expect(secrets.Items).To(HaveLen(2), "the Secrets of both targets are gone with the session's end")
	})

	It("backs up what is there when a target is missing, and says which one is", func(ctx SpecContext) {
		w.apply(ctx, object.VolumeClaim(w.namespace, object.Uploads), object.BackupBatch(w.namespace))
		w.settle(ctx)
		w.endJobs(ctx, nil)
		w.settle(ctx)
		Expect(w.Client.Delete(ctx, object.Deployment(w.namespace, object.App, object.Claim))).To(Succeed())
		w.Step(testStep)
		w.settle(ctx)
		batch := get[corev1alpha1.BackupBatch](ctx, w, object.Batch)
		Expect(batch.Status.Conditions).To(haveCondition(corev1alpha1.ConditionReady, metav1.ConditionFalse, "spec.targets[app].appRef"))

		again := object.BackupSession(w.namespace, "again", object.Batch)
		again.Spec.Invoker.Kind = corev1alpha1.KindBackupBatch
		w.apply(ctx, again)
		w.settle(ctx)
		Expect(w.endJobs(ctx, nil)).To(ConsistOf("again-uploads-dump"))
		w.settle(ctx)
		run := get[corev1alpha1.BackupSession](ctx, w, "again")
		Expect(run.Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseFailed))
		Expect(run.Status.Conditions).To(haveCondition(corev1alpha1.ConditionSnapshotsEnsured, metav1.ConditionFalse,
			"Target app: Target Deployment "+w.namespace+"/"+object.App+" doesn't exist."))
		Expect(get[storagev1alpha1.Repository](ctx, w, "uploads-repo").Status.SnapshotCount).To(HaveValue(BeEquivalentTo(2)))
		Expect(w.warnings("again")).To(ContainElement(ContainSubstring("BackupFailed: Backup failed: Target app:")))
	})

	It("keeps one target's Snapshot when another one's pod fails", func(ctx SpecContext) {
		w.apply(ctx, object.VolumeClaim(w.namespace, object.Uploads), object.BackupBatch(w.namespace))
		w.settle(ctx)
		run := theOnly(w.sessions(ctx))
		w.endJobs(ctx, func(order task.Task, report *task.Report) {
			if order.Repositories[0].Name == "app-repo" {
				report.Succeeded = false
				report.Repositories[0] = task.RepositoryReport{
					Name: "app-repo", Snapshot: order.Repositories[0].Snapshot, Class: engine.ClassUnreadable, Message: "/data/key: permission denied",
				}
			}
		})
		w.Restart()
		w.settle(ctx)
		Expect(w.Client.Get(ctx, client.ObjectKeyFromObject(&run), &run)).To(Succeed())
		Expect(run.Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseFailed))
		for _, s := range w.snapshots(ctx) {
			want := storagev1alpha1.SnapshotPhaseSucceeded
			if s.Spec.Repository == "app-repo" {
				want = storagev1alpha1.SnapshotPhaseFailed
			}
			Expect(s.Status.Phase).To(Equal(want), s.Name)
		}
		Expect(w.warnings(run.Name)).To(ContainElement(And(ContainSubstring("BackupFailed: Backup failed: Target app:"), ContainSubstring("permission denied"))))
	})

	It("answers the slots of its schedule", func(ctx SpecContext) {
		w.apply(ctx, object.VolumeClaim(w.namespace, object.Uploads), object.BackupBatch(w.namespace))
		w.settle(ctx)
		w.endJobs(ctx, nil)
		w.settle(ctx)
		slot := w.Clock.Now().Truncate(time.Minute).Add(time.Minute)
		w.Step(testStep)
		slotJobOf(ctx, w, object.Batch, slot)
		w.settle(ctx)
		run := get[corev1alpha1.BackupSession](ctx, w, object.BackupSessionName(object.Batch, slot))
		Expect(run.Spec.Invoker.Kind).To(Equal(corev1alpha1.KindBackupBatch))
		Expect(w.endJobs(ctx, nil)).To(HaveLen(2))
	})

	It("takes its Repositories along as their policies say when it is deleted", func(ctx SpecContext) {
		batch := object.BackupBatch(w.namespace)
		batch.Spec.Sessions[0].Targets[1].Repositories[0].DeletionPolicy = corev1alpha1.RepositoryDeletionPolicyRetain
		w.apply(ctx, object.VolumeClaim(w.namespace, object.Uploads), batch)
		w.settle(ctx)
		w.endJobs(ctx, nil)
		w.settle(ctx)
		Expect(w.Client.Delete(ctx, batch)).To(Succeed())
		w.settle(ctx)
		var repo storagev1alpha1.Repository
		err := w.Client.Get(ctx, client.ObjectKey{Namespace: w.namespace, Name: "app-repo"}, &repo)
		Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%v", err)
		get[storagev1alpha1.Repository](ctx, w, "uploads-repo")
		err = w.Client.Get(ctx, client.ObjectKeyFromObject(batch), batch)
		Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%v", err)
	})
})

// endJobs plays every open Job to its end and names them. Change makes something else of a good Report.
func (w *world) endJobs(ctx context.Context, change func(task.Task, *task.Report)) []string {
	GinkgoHelper()
	var names []string
	for _, job := range w.jobs(ctx) {
		if len(job.Status.Conditions) > 0 {
			continue
		}
		order, err := w.TaskOf(ctx, &job)
		Expect(err).NotTo(HaveOccurred())
		pod, err := w.StartPod(ctx, &job)
		Expect(err).NotTo(HaveOccurred())
		report := w.success(order)
		if change != nil {
			change(order, &report)
		}
		Expect(w.EndPod(ctx, &job, pod, report)).To(Succeed())
		names = append(names, job.Name)
	}
	return names
}
