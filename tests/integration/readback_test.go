// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
)

var _ = Describe("A BackupStorage over data that is there", func() {
	var w *world
	BeforeEach(func(ctx SpecContext) { w = newWorld(ctx) })

	// forget deletes every KubeStash object and leaves the data.
	forget := func(ctx SpecContext) {
		GinkgoHelper()
		Expect(w.Client.Delete(ctx, w.configuration(ctx))).To(Succeed())
		w.settle(ctx)
		Expect(w.Client.Delete(ctx, get[storagev1alpha1.BackupStorage](ctx, w, object.Storage))).To(Succeed())
		w.settle(ctx)
		Expect(w.Client.DeleteAllOf(ctx, &corev1alpha1.BackupSession{}, client.InNamespace(w.namespace))).To(Succeed())
		w.settle(ctx)
		Expect(w.snapshots(ctx)).To(BeEmpty())
		Expect(w.Client.Get(ctx, keyOf(w, object.Repository), &storagev1alpha1.Repository{})).NotTo(Succeed())
	}

	It("makes its Repositories and Snapshots again, and a restore and a backup go on from there", func(ctx SpecContext) {
		w.ground(ctx)
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		before := theOnly(w.snapshots(ctx))
		forget(ctx)

		storage := object.S3(w.namespace, store.Endpoint, bucket)
		w.apply(ctx, storage)
		w.settle(ctx)
		after := theOnly(w.snapshots(ctx))
		Expect(after.Name).To(Equal(before.Name))
		Expect(after.UID).NotTo(Equal(before.UID))
		Expect(after.Status.Phase).To(Equal(storagev1alpha1.SnapshotPhaseSucceeded))
		Expect(after.Status.Components).To(Equal(before.Status.Components))
		Expect(after.Status.SnapshotTime.Equal(before.Status.SnapshotTime)).To(BeTrue())
		repo := get[storagev1alpha1.Repository](ctx, w, object.Repository)
		Expect(repo.Status.Phase).To(Equal(storagev1alpha1.RepositoryPhaseReady))
		Expect(repo.Status.SnapshotCount).To(HaveValue(BeEquivalentTo(1)))
		Expect(metav1.IsControlledBy(&after, repo)).To(BeTrue())
		storage = get[storagev1alpha1.BackupStorage](ctx, w, object.Storage)
		Expect(storage.Status.Conditions).To(haveCondition(storagev1alpha1.ConditionBackendSynced, metav1.ConditionTrue, "1 Repositories and 1 Snapshots"))
		Expect(theOnly(storage.Status.Repositories).Synced).To(HaveValue(BeTrue()))

		w.apply(ctx, object.RestoreSession(w.namespace, "restore", "latest"))
		w.settle(ctx)
		order := w.runJob(ctx)
		Expect(theOnly(order.Restore.Snapshots).ID).To(Equal(before.Status.Components["dump"].ResticStats[0].Summary.ID))
		w.settle(ctx)
		Expect(restore(ctx, w).Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseSucceeded))

		w.Step(testStep)
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		Expect(w.configuration(ctx).Status.Phase).To(Equal(corev1alpha1.BackupConfigurationPhaseReady))
		Expect(get[storagev1alpha1.Repository](ctx, w, object.Repository).UID).To(Equal(repo.UID), "it was taken over")
		order = w.runJob(ctx)
		Expect(order.Backup.PreviousFiles).NotTo(BeEmpty(), "what was backed up before is known")
		w.settle(ctx)
		Expect(w.snapshots(ctx)).To(HaveLen(2))
	})

	It("keeps the Snapshots of sessions that nobody has here", func(ctx SpecContext) {
		w.ground(ctx)
		bc := object.BackupConfiguration(w.namespace)
		bc.Spec.Sessions[0].Name = "hourly"
		w.apply(ctx, bc)
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		old := theOnly(w.snapshots(ctx)).Name
		forget(ctx)
		policy := get[storagev1alpha1.RetentionPolicy](ctx, w, object.Retention)
		policy.Spec.SuccessfulSnapshots.Last = new(int32)
		*policy.Spec.SuccessfulSnapshots.Last = 1
		Expect(w.Client.Update(ctx, policy)).To(Succeed())
		w.apply(ctx, object.S3(w.namespace, store.Endpoint, bucket), object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		for i := range 3 {
			order := w.runJob(ctx)
			Expect(strings.Contains(order.Repositories[0].Snapshot, old)).To(BeFalse())
			w.settle(ctx)
			w.Step(testStep)
			if i < 2 {
				w.apply(ctx, object.BackupSession(w.namespace, []string{"second", "third"}[i], object.Configuration))
				w.settle(ctx)
			}
		}
		var names []string
		for _, s := range w.snapshots(ctx) {
			names = append(names, s.Name)
		}
		Expect(names).To(ConsistOf(old, object.Repository+"-third"))
	})

	It("says what waits for a namespace that isn't there", func(ctx SpecContext) {
		w.ground(ctx)
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		document, found := stored(w.namespace + "/" + object.Directory + "/repository.yaml")
		Expect(found).To(BeTrue())
		put(w.namespace+"/elsewhere/repository.yaml", strings.NewReplacer(
			"namespace: "+w.namespace+"\nspec", "namespace: not-here-yet\nspec", "path: "+object.Directory, "path: elsewhere",
			"name: "+object.Repository+"\n", "name: theirs\n").Replace(document))
		forgetStorage := get[storagev1alpha1.BackupStorage](ctx, w, object.Storage)
		forgetStorage.Annotations = map[string]string{"storage.kubestash.com/sync": "again"}
		Expect(w.Client.Update(ctx, forgetStorage)).To(Succeed())
		w.Step(15 * time.Minute)
		w.settle(ctx)
		storage := get[storagev1alpha1.BackupStorage](ctx, w, object.Storage)
		Expect(storage.Status.Phase).To(Equal(storagev1alpha1.BackupStoragePhaseReady))
		Expect(storage.Status.Conditions).To(haveCondition(storagev1alpha1.ConditionBackendSynced, metav1.ConditionFalse, `create namespace "not-here-yet"`))
	})
})

var _ = Describe("A usage policy that is narrowed", func() {
	for kind, narrow := range map[string]func(SpecContext, *world){
		"BackupStorage": func(ctx SpecContext, w *world) {
			s := get[storagev1alpha1.BackupStorage](ctx, w, object.Storage)
			s.Spec.UsagePolicy = selectNobody()
			Expect(w.Client.Update(ctx, s)).To(Succeed())
		},
		"RetentionPolicy": func(ctx SpecContext, w *world) {
			p := get[storagev1alpha1.RetentionPolicy](ctx, w, object.Retention)
			p.Spec.UsagePolicy = selectNobody()
			Expect(w.Client.Update(ctx, p)).To(Succeed())
		},
	} {
		It("of a "+kind+" fails the next run, and says so", func(ctx SpecContext) {
			w := newWorld(ctx)
			w.ground(ctx)
			w.apply(ctx, object.BackupConfiguration(w.namespace))
			w.settle(ctx)
			w.runJob(ctx)
			w.settle(ctx)
			narrow(ctx, w)
			w.apply(ctx, object.BackupSession(w.namespace, "next", object.Configuration))
			w.settle(ctx)
			w.Step(10 * time.Minute)
			w.settle(ctx)
			run := get[corev1alpha1.BackupSession](ctx, w, "next")
			Expect(run.Status.Phase).To(BeElementOf(corev1alpha1.BackupSessionPhaseFailed, corev1alpha1.BackupSessionPhaseSkipped))
			Expect(w.warnings("next")).To(ContainElement(And(ContainSubstring(kind), ContainSubstring("not allowed"))))
			Expect(w.jobs(ctx)).NotTo(ContainElement(HaveField("Name", HavePrefix("next"))), "no pod was started")
		})
	}
})
