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
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/tests/kit/object"
)

var _ = Describe("Maintenance", func() {
	var w *world
	BeforeEach(func(ctx SpecContext) {
		w = newWorld(ctx)
		w.ground(ctx)
		bc := object.BackupConfiguration(w.namespace)
		bc.Spec.Sessions[0].Repositories[0].Maintenance = &storagev1alpha1.MaintenanceSpec{
			Paused:    ptr.To(false),
			Prune:     storagev1alpha1.PruneSpec{MaxUnused: "0"},
			Check:     storagev1alpha1.CheckSpec{ReadDataSubset: "1/4"},
			Resources: &corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("512Mi")}},
		}
		w.apply(ctx, bc)
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
	})

	It("is planned once a week, and comes when it is due, in a Job with settings of its own", func(ctx SpecContext) {
		status := w.maintenance(ctx)
		Expect(status.Phase).To(BeEmpty())
		for _, next := range []*metav1.Time{status.Prune.NextTime, status.Check.NextTime} {
			Expect(next).NotTo(BeNil())
			Expect(next.Sub(w.Clock.Now())).To(And(BeNumerically(">", 0), BeNumerically("<=", 7*24*time.Hour)))
		}
		w.Step(8 * 24 * time.Hour)
		w.settle(ctx)
		job := w.onlyJob(ctx)
		Expect(job.Labels).To(HaveKeyWithValue(metav1alpha1.LabelComponent, metav1alpha1.JobComponentMaintenance))
		Expect(job.Spec.Template.Spec.Containers[0].Resources.Limits.Memory().String()).To(Equal("512Mi"))
		Expect(job.Spec.ActiveDeadlineSeconds).To(HaveValue(BeEquivalentTo(6 * 3600)))
		get[corev1.Secret](ctx, w, job.Name)
		order := w.runJob(ctx)
		Expect(order.Kind).To(Equal(task.KindMaintain))
		Expect(order.Maintain).To(HaveValue(Equal(task.Maintain{Check: true, ReadDataSubset: "1/4", Prune: true, MaxUnused: "0"})))
		Expect(theOnly(order.Repositories).Name).To(Equal("repository/v1/" + object.Session + "/dump"))
		Expect(order.EndedJobs).To(ContainElement(theOnly(w.sessions(ctx)).Name), "whose locks are stale")
		w.settle(ctx)

		status = w.maintenance(ctx)
		Expect(status.Phase).To(Equal(storagev1alpha1.MaintenancePhaseSucceeded))
		Expect(status.Prune.FreedBytes).To(HaveValue(BeEquivalentTo(3 << 20)))
		Expect(theOnly(status.Repositories).Integrity).To(HaveValue(BeTrue()))
		repo := get[storagev1alpha1.Repository](ctx, w, object.Repository)
		Expect(repo.Status.Conditions).To(haveCondition(storagev1alpha1.ConditionRepositoryPruned, metav1.ConditionTrue, "freed 3.000 MiB"))
		Expect(repo.Status.Conditions).To(haveCondition(storagev1alpha1.ConditionIntegrityVerified, metav1.ConditionTrue, "1/4"))
		Expect(repo.Status.Phase).To(Equal(storagev1alpha1.RepositoryPhaseReady))
		var secret corev1.Secret
		Expect(client.IgnoreNotFound(w.Client.Get(ctx, keyOf(w, job.Name), &secret))).To(Succeed())
		Expect(secret.Name).To(BeEmpty(), "the credentials go with the work")
	})

	It("waits for a backup, and a backup waits for its lock", func(ctx SpecContext) {
		w.apply(ctx, object.BackupSession(w.namespace, "first", object.Configuration))
		w.settle(ctx)
		w.ask(ctx, "1")
		w.settle(ctx)
		backup := w.onlyJob(ctx)
		Expect(backup.Name).To(Equal("first"))
		Expect(w.maintenance(ctx).Message).To(ContainSubstring("waits for BackupSession first"))
		w.runJob(ctx)
		w.settle(ctx)
		Expect(w.onlyJob(ctx).Labels).To(HaveKeyWithValue(metav1alpha1.LabelComponent, metav1alpha1.JobComponentMaintenance))

		maintenance := w.onlyJob(ctx)
		w.Step(time.Minute)
		w.apply(ctx, object.BackupSession(w.namespace, "second", object.Configuration))
		w.settle(ctx)
		for _, job := range w.jobs(ctx) {
			if job.Name == "second" {
				order, err := w.TaskOf(ctx, &job)
				Expect(err).NotTo(HaveOccurred())
				Expect(order.RetryLock).NotTo(BeNil())
				Expect(order.RetryLock.Duration).To(BeNumerically(">", 5*time.Hour))
				Expect(order.EndedJobs).NotTo(ContainElement(maintenance.Name), "its lock is a live one")
			}
		}
		Expect(w.told("second")).To(ContainElement(ContainSubstring("is being maintained")))
	})

	It("that finds damage holds retention back, and backups count as failed until a check finds everything whole", func(ctx SpecContext) {
		w.ask(ctx, "1")
		w.settle(ctx)
		w.endMaintenance(ctx, func(r *task.RepositoryReport) {
			whole := false
			r.Succeeded, r.Integrity, r.Pruned, r.Class, r.Message = false, &whole, nil, engine.ClassDamaged, "pack 1f2e: not found in index"
		})
		w.settle(ctx)
		repo := get[storagev1alpha1.Repository](ctx, w, object.Repository)
		Expect(repo.Status.Integrity).To(HaveValue(BeFalse()))
		Expect(repo.Status.Conditions).To(haveCondition(storagev1alpha1.ConditionIntegrityVerified, metav1.ConditionFalse, "pack 1f2e"))
		Expect(w.warnings(object.Repository)).To(ContainElement(HavePrefix(storagev1alpha1.ReasonDamageFound)))

		w.apply(ctx, object.BackupSession(w.namespace, "doubtful", object.Configuration))
		w.settle(ctx)
		order := w.runJob(ctx)
		Expect(order.Repositories[0].Forget).To(BeEmpty())
		w.settle(ctx)
		run := get[corev1alpha1.BackupSession](ctx, w, "doubtful")
		Expect(run.Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseFailed))
		Expect(theOnly(run.Status.RetentionPolicies).Error).To(ContainSubstring("damaged"))

		w.ask(ctx, "2")
		w.settle(ctx)
		Expect(w.maintenance(ctx).Message).To(ContainSubstring("in this very second"), "the clock stands, and no name of a Job comes twice")
		Expect(w.maintenance(ctx).Request).To(Equal("1"))
		w.Step(time.Minute)
		w.settle(ctx)
		w.endMaintenance(ctx, func(*task.RepositoryReport) {})
		w.settle(ctx)
		Expect(get[storagev1alpha1.Repository](ctx, w, object.Repository).Status.Integrity).To(HaveValue(BeTrue()))
	})
})

var _ = Describe("Erasing a Repository", func() {
	It("waits for the backup that works on it, and says so", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.ground(ctx)
		bc := object.BackupConfiguration(w.namespace)
		bc.Spec.Sessions[0].Repositories[0].DeletionPolicy = corev1alpha1.RepositoryDeletionPolicyWipeOut
		w.apply(ctx, bc)
		w.settle(ctx)
		repo := get[storagev1alpha1.Repository](ctx, w, object.Repository)
		document := w.namespace + "/" + object.Directory + "/repository.yaml"
		_, there := stored(document)
		Expect(there).To(BeTrue())
		Expect(w.Client.Delete(ctx, repo)).To(Succeed())
		w.settle(ctx)
		repo = get[storagev1alpha1.Repository](ctx, w, object.Repository)
		Expect(repo.Status.Conditions).To(haveCondition(storagev1alpha1.ConditionCleanupPending, metav1.ConditionTrue, theOnly(w.sessions(ctx)).Name))
		_, there = stored(document)
		Expect(there).To(BeTrue(), "nothing was erased under the backup's feet")

		w.runJob(ctx)
		w.settle(ctx)
		Expect(w.told(object.Repository)).To(ContainElement(HavePrefix("BackupDataWipedOut")))
	})

	It("doesn't keep a namespace whose Secret is gone already", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.ground(ctx)
		bc := object.BackupConfiguration(w.namespace)
		bc.Spec.Sessions[0].Repositories[0].DeletionPolicy = corev1alpha1.RepositoryDeletionPolicyWipeOut
		w.apply(ctx, bc)
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		var namespace corev1.Namespace
		Expect(w.Client.Get(ctx, client.ObjectKey{Name: w.namespace}, &namespace)).To(Succeed())
		Expect(w.Client.Delete(ctx, get[corev1.Secret](ctx, w, get[storagev1alpha1.BackupStorage](ctx, w, object.Storage).Spec.Storage.S3.SecretName))).To(Succeed())
		Expect(w.Client.Delete(ctx, get[storagev1alpha1.Repository](ctx, w, object.Repository))).To(Succeed())
		w.settle(ctx)
		repo := get[storagev1alpha1.Repository](ctx, w, object.Repository)
		Expect(repo.Status.Conditions).To(haveCondition(storagev1alpha1.ConditionRepositoryInitialized, metav1.ConditionFalse,
			"set spec.deletionPolicy to Delete"), "the way out, as long as the namespace stays")

		Expect(w.Client.Delete(ctx, &namespace)).To(Succeed())
		w.settle(ctx)
		Expect(w.warnings(object.Repository)).To(ContainElement(HavePrefix("BackupDataKept: The namespace is being deleted")))
		var list storagev1alpha1.RepositoryList
		Expect(w.Client.List(ctx, &list, inNamespace(w))).To(Succeed())
		for _, left := range list.Items {
			Expect(left.UID).NotTo(Equal(repo.UID))
		}
	})
})

// maintenance is the status of the only Repository's.
func (w *world) maintenance(ctx context.Context) storagev1alpha1.MaintenanceStatus {
	GinkgoHelper()
	status := get[storagev1alpha1.Repository](ctx, w, object.Repository).Status.Maintenance
	Expect(status).NotTo(BeNil())
	return *status
}

// ask has the Repository maintained now.
func (w *world) ask(ctx context.Context, value string) {
	GinkgoHelper()
	repo := get[storagev1alpha1.Repository](ctx, w, object.Repository)
	base := client.MergeFrom(repo.DeepCopy())
	metav1.SetMetaDataAnnotation(&repo.ObjectMeta, metav1alpha1.AnnotationMaintain, value)
	Expect(w.Client.Patch(ctx, repo, base)).To(Succeed())
}

// endMaintenance plays the one open Job to its end.
func (w *world) endMaintenance(ctx context.Context, change func(*task.RepositoryReport)) {
	GinkgoHelper()
	job := w.onlyJob(ctx)
	order, err := w.TaskOf(ctx, job)
	Expect(err).NotTo(HaveOccurred())
	Expect(order.Kind).To(Equal(task.KindMaintain))
	pod, err := w.StartPod(ctx, job)
	Expect(err).NotTo(HaveOccurred())
	report := w.success(order)
	for i := range report.Repositories {
		change(&report.Repositories[i])
		report.Succeeded = report.Succeeded && report.Repositories[i].Succeeded
	}
	Expect(w.EndPod(ctx, job, pod, report)).To(Succeed())
}

// told is what users were told about an object, as "reason: message".
func (w *world) told(name string) []string {
	var out []string
	for _, e := range w.Events() {
		if e.Name == name {
			out = append(out, e.Reason+": "+e.Message)
		}
	}
	return out
}
