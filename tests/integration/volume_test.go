// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/tests/kit/object"
)

var _ = Describe("A BackupStorage on a volume", func() {
	var w *world
	BeforeEach(func(ctx SpecContext) {
		w = newWorld(ctx)
		w.apply(ctx, object.Password(w.namespace, password), object.KeepLast(w.namespace, 3),
			object.VolumeClaim(w.namespace, object.Claim), object.VolumeClaim(w.namespace, "backups"),
			object.Deployment(w.namespace, object.App, object.Claim), object.Local(w.namespace, "backups"))
	})

	It("is made ready by one Job, and backed up into by pods that write its documents", func(ctx SpecContext) {
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		Expect(w.sessions(ctx)).To(BeEmpty(), "the storage isn't ready")
		job := w.onlyJob(ctx)
		Expect(job.Labels).To(HaveKeyWithValue(metav1alpha1.LabelComponent, metav1alpha1.JobComponentInitializer))
		Expect(mountsClaim(job.Spec.Template.Spec, "backups")).To(BeTrue())
		order := w.runJob(ctx)
		Expect(order.Kind).To(Equal(task.KindInitStorage))
		w.settle(ctx)
		storage := get[storagev1alpha1.BackupStorage](ctx, w, object.Storage)
		Expect(storage.Status.Phase).To(Equal(storagev1alpha1.BackupStoragePhaseReady))

		job = w.onlyJob(ctx)
		Expect(mountsClaim(job.Spec.Template.Spec, "backups")).To(BeTrue())
		Expect(mountsClaim(job.Spec.Template.Spec, object.Claim)).To(BeTrue())
		order = w.runJob(ctx)
		Expect(order.Repositories[0].Before).NotTo(BeEmpty())
		Expect(order.Repositories[0].Record).NotTo(BeNil())
		w.settle(ctx)
		expectSucceeded(ctx, w, theOnly(w.sessions(ctx)).Name, object.Repository)
	})

	It("says why its Job failed", func(ctx SpecContext) {
		w.settle(ctx)
		job := w.onlyJob(ctx)
		pod, err := w.StartPod(ctx, job)
		Expect(err).NotTo(HaveOccurred())
		Expect(w.EndPod(ctx, job, pod, task.Report{
			Version: task.Version, Class: engine.ClassStorageFull, Message: "no space left on device",
			StartTime: metav1.NewTime(w.Clock.Now()), EndTime: metav1.NewTime(w.Clock.Now()),
		})).To(Succeed())
		w.settle(ctx)
		storage := get[storagev1alpha1.BackupStorage](ctx, w, object.Storage)
		Expect(storage.Status.Phase).To(Equal(storagev1alpha1.BackupStoragePhaseNotReady))
		Expect(storage.Status.Conditions).To(haveCondition(storagev1alpha1.ConditionBackendInitialized, metav1.ConditionFalse, "NoSpaceLeft"))
		Expect(w.warnings(object.Storage)).To(ContainElement(ContainSubstring("NoSpaceLeft")))
	})
})

var _ = Describe("What ends without its Report", func() {
	It("is a failed run that says what happened, and the next one is good", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.ground(ctx)
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		job := w.onlyJob(ctx)
		pod, err := w.StartPod(ctx, job)
		Expect(err).NotTo(HaveOccurred())
		Expect(w.EndPodWith(ctx, job, pod, 137, "")).To(Succeed())
		w.settle(ctx)
		w.Step(5 * time.Minute)
		w.settle(ctx)
		run := theOnly(w.sessions(ctx))
		Expect(run.Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseFailed))
		Expect(w.warnings(run.Name)).To(ContainElement(ContainSubstring("137")))
		Expect(theOnly(w.snapshots(ctx)).Status.Conditions).
			To(haveCondition(storagev1alpha1.ConditionBackupIncomplete, metav1.ConditionTrue, ""))
		w.apply(ctx, object.BackupSession(w.namespace, "next", object.Configuration))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		Expect(get[corev1alpha1.BackupSession](ctx, w, "next").Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSucceeded))
	})

	It("is a failed run when its Job is deleted", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.ground(ctx)
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		Expect(w.Client.Delete(ctx, w.onlyJob(ctx), client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
		w.settle(ctx)
		w.Step(5 * time.Minute)
		w.settle(ctx)
		Expect(theOnly(w.sessions(ctx)).Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseFailed))
		Expect(w.jobs(ctx)).To(BeEmpty(), "a Job that somebody deleted isn't made again")
	})
})

var _ = Describe("Deleting a BackupConfiguration", func() {
	for policy, stays := range map[corev1alpha1.RepositoryDeletionPolicy]bool{
		corev1alpha1.RepositoryDeletionPolicyRetain: true, corev1alpha1.RepositoryDeletionPolicyWipeOut: false,
	} {
		It("with a Repository of the policy "+string(policy), func(ctx SpecContext) {
			w := newWorld(ctx)
			w.ground(ctx)
			bc := object.BackupConfiguration(w.namespace)
			bc.Spec.Sessions[0].Repositories[0].DeletionPolicy = policy
			w.apply(ctx, bc)
			w.settle(ctx)
			w.runJob(ctx)
			w.settle(ctx)
			document := w.namespace + "/" + object.Directory + "/repository.yaml"
			_, found := stored(document)
			Expect(found).To(BeTrue())
			Expect(w.Client.Delete(ctx, w.configuration(ctx))).To(Succeed())
			w.settle(ctx)
			Expect(w.Client.Get(ctx, keyOf(w, object.Configuration), bc)).NotTo(Succeed())
			err := w.Client.Get(ctx, keyOf(w, object.Repository), &storagev1alpha1.Repository{})
			_, found = stored(document)
			Expect(err == nil).To(Equal(stays), "the Repository: %v", err)
			Expect(found).To(Equal(stays), "its document")
		})
	}
})
