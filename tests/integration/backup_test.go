// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/tests/kit/object"
)

var _ = Describe("A backup", func() {
	var w *world
	BeforeEach(func(ctx SpecContext) {
		w = newWorld(ctx)
		w.ground(ctx)
	})

	It("goes from an annotation to Succeeded", func(ctx SpecContext) {
		w.apply(ctx, object.BackupBlueprint(w.namespace))
		w.settle(ctx)
		Expect(w.sessions(ctx)).To(BeEmpty(), "nothing is annotated yet")

		annotate(ctx, w, map[string]string{metav1alpha1.AnnotationBlueprintName: object.Blueprint})
		w.settle(ctx)

		bc := get[corev1alpha1.BackupConfiguration](ctx, w, "deployment-"+object.App)
		Expect(bc.Status.Phase).To(Equal(corev1alpha1.BackupConfigurationPhaseReady))
		Expect(bc.Status.Conditions).To(haveCondition(corev1alpha1.ConditionReady, metav1.ConditionTrue, ""))
		Expect(bc.Labels).To(HaveKeyWithValue(metav1alpha1.LabelManagedBy, metav1alpha1.ManagedByKubeStash))
		cronJob := get[batchv1.CronJob](ctx, w, "trigger-"+bc.Name+"-"+object.Session)
		Expect(cronJob.Spec.JobTemplate.Spec.ManagedBy).To(HaveValue(Equal(metav1alpha1.JobManagedBy)))
		Expect(metav1.IsControlledBy(cronJob, bc)).To(BeTrue())
		repo := get[storagev1alpha1.Repository](ctx, w, bc.Name)
		Expect(repo.Status.Phase).To(Equal(storagev1alpha1.RepositoryPhaseReady))

		run := theOnly(w.sessions(ctx))
		Expect(run.Name).To(HavePrefix(bc.Name + "-" + object.Session + "-"))
		Expect(run.Status.Phase).To(Equal(corev1alpha1.BackupSessionPhasePending))
		snapshot := theOnly(w.snapshots(ctx))
		Expect(snapshot.Spec.BackupSession).To(Equal(run.Name))
		Expect(snapshot.Status.TotalComponents).To(BeEquivalentTo(1))
		job := theOnly(w.jobs(ctx))
		Expect(job.Name).To(Equal(run.Name))
		get[corev1.Secret](ctx, w, run.Name)

		order := w.runJob(ctx)
		Expect(order.Kind).To(Equal(task.KindBackup))
		Expect(order.Backup.Paths).To(ConsistOf(object.MountPath))
		w.settle(ctx)

		expectSucceeded(ctx, w, run.Name, repo.Name)
		var secrets corev1.SecretList
		Expect(w.Client.List(ctx, &secrets, client.InNamespace(w.namespace))).To(Succeed())
		Expect(secrets.Items).To(HaveLen(2), "the session's Secret is gone with the session's end")
		Expect(w.jobs(ctx)).To(HaveLen(1))
	})

	It("takes up to twelve writes from its trigger to its end", func(ctx SpecContext) {
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		before := len(w.Writes())
		w.apply(ctx, object.BackupSession(w.namespace, "now", object.Configuration))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		Expect(get[corev1alpha1.BackupSession](ctx, w, "now").Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSucceeded))
		Expect(len(w.Writes())-before).To(BeNumerically("<=", 12), "%q", w.Writes()[before:])
	})

	It("goes on after the operator was replaced at any moment", func(ctx SpecContext) {
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.Restart()
		w.settle(ctx)
		w.Restart()
		job := w.onlyJob(ctx)
		order, err := w.TaskOf(ctx, job)
		Expect(err).NotTo(HaveOccurred())
		pod, err := w.StartPod(ctx, job)
		Expect(err).NotTo(HaveOccurred())
		w.settle(ctx)
		Expect(theOnly(w.sessions(ctx)).Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseRunning))
		w.Restart()
		w.settle(ctx)
		Expect(w.EndPod(ctx, job, pod, w.success(order))).To(Succeed())
		w.Restart()
		w.settle(ctx)
		run := theOnly(w.sessions(ctx))
		expectSucceeded(ctx, w, run.Name, object.Repository)
		Expect(w.jobs(ctx)).To(HaveLen(1), "nothing was started twice")
		Expect(w.snapshots(ctx)).To(HaveLen(1))
	})

	It("doesn't go on when its Snapshot is deleted, as with its BackupStorage", func(ctx SpecContext) {
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		job := w.onlyJob(ctx)
		_, err := w.StartPod(ctx, job)
		Expect(err).NotTo(HaveOccurred())
		w.settle(ctx)
		snapshot := theOnly(w.snapshots(ctx))
		Expect(w.Client.Delete(ctx, &snapshot)).To(Succeed())
		w.settle(ctx)
		Expect(theOnly(w.sessions(ctx)).Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseFailed))
		Expect(w.warnings(job.Name)).To(ContainElement(ContainSubstring("was deleted while its backup ran")))
		for _, left := range w.jobs(ctx) {
			Expect(left.DeletionTimestamp).NotTo(BeNil(), "the Job goes on behind the verdict")
		}
	})

	It("of a session that was taken out of the configuration goes by the history limit too", func(ctx SpecContext) {
		bc := object.BackupConfiguration(w.namespace)
		extra := object.DailySession(w.namespace)
		extra.Name = "extra"
		extra.Repositories[0].Name, extra.Repositories[0].Directory = "extra-repo", "demo/extra"
		bc.Spec.Sessions = append(bc.Spec.Sessions, extra)
		w.apply(ctx, bc)
		w.settle(ctx)
		w.runJobs(ctx, 2)
		w.settle(ctx)
		run := func(name, session string) {
			w.Step(testStep)
			s := object.BackupSession(w.namespace, name, object.Configuration)
			s.Spec.Session = session
			w.apply(ctx, s)
			w.settle(ctx)
			w.runJob(ctx)
			w.settle(ctx)
		}
		run("former", extra.Name)
		Expect(w.sessions(ctx)).To(HaveLen(3))

		current := w.configuration(ctx)
		current.Spec.Sessions = current.Spec.Sessions[:1]
		current.Spec.Sessions[0].SessionHistoryLimit = ptr.To[int32](1)
		Expect(w.Client.Update(ctx, current)).To(Succeed())
		w.settle(ctx)
		run("next", object.Session)
		var names []string
		for _, s := range w.sessions(ctx) {
			names = append(names, s.Name)
		}
		Expect(names).To(ConsistOf("next", "former"))
	})

	It("leaves its documents beside the data", func(ctx SpecContext) {
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		snapshot := theOnly(w.snapshots(ctx))
		for _, key := range []string{
			"metadata.yaml", object.Directory + "/repository.yaml", object.Directory + "/snapshots/" + snapshot.Name + ".yaml",
		} {
			content, found := stored(w.namespace + "/" + key)
			Expect(found).To(BeTrue(), key)
			for _, spelling := range append(spellings(secretKey), spellings(password)...) {
				Expect(content).NotTo(ContainSubstring(spelling), key)
			}
		}
		content, _ := stored(w.namespace + "/" + object.Directory + "/snapshots/" + snapshot.Name + ".yaml")
		Expect(content).To(And(ContainSubstring(snapshot.Name), ContainSubstring("phase: Succeeded")))
	})

	It("drops what retention doesn't keep, and asks the pod to forget it", func(ctx SpecContext) {
		bc := object.BackupConfiguration(w.namespace)
		w.apply(ctx, bc)
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		first := theOnly(w.snapshots(ctx))
		for _, name := range []string{"second", "third", "fourth"} {
			w.Step(testStep)
			w.apply(ctx, object.BackupSession(w.namespace, name, object.Configuration))
			w.settle(ctx)
			order := w.runJob(ctx)
			if name == "fourth" {
				Expect(order.Repositories[0].Forget).To(ConsistOf(first.Status.Components["dump"].ResticStats[0].Summary.ID))
			} else {
				Expect(order.Repositories[0].Forget).To(BeEmpty())
			}
			w.settle(ctx)
		}
		var names []string
		for _, s := range w.snapshots(ctx) {
			names = append(names, s.Name)
		}
		Expect(names).To(HaveLen(3))
		Expect(names).NotTo(ContainElement(first.Name))
		Expect(get[storagev1alpha1.Repository](ctx, w, object.Repository).Status.Integrity).To(HaveValue(BeTrue()),
			"the last check stands, although its Snapshot is gone")
		_, found := stored(w.namespace + "/" + object.Directory + "/snapshots/" + first.Name + ".yaml")
		Expect(found).To(BeFalse(), "its document is gone too")
	})
})
