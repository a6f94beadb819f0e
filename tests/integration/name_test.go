// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
)

var _ = Describe("Names near 63 characters", func() {
	It("lead to whole backups that keep out of each other's way", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.ground(ctx)
		// They differ in the middle only, which is what a cut takes away.
		for _, middle := range []string{"one", "two"} {
			bc := object.BackupConfiguration(w.namespace)
			bc.Name = strings.Repeat("c", 30) + "-" + middle + "-" + strings.Repeat("d", 28)
			Expect(bc.Name).To(HaveLen(63))
			session := &bc.Spec.Sessions[0]
			session.Name = strings.Repeat("s", 30) + "-" + middle + "-" + strings.Repeat("t", 28)
			session.Repositories[0].Name = strings.Repeat("r", 30) + "-" + middle + "-" + strings.Repeat("q", 28)
			session.Repositories[0].Directory = middle
			w.apply(ctx, bc)
		}
		w.settle(ctx)

		var cronJobs batchv1.CronJobList
		Expect(w.Client.List(ctx, &cronJobs, inNamespace(w))).To(Succeed())
		Expect(cronJobs.Items).To(HaveLen(2))
		for _, c := range cronJobs.Items {
			Expect(len(c.Name)).To(BeNumerically("<=", 52))
		}
		Expect(w.sessions(ctx)).To(HaveLen(2))
		jobs := w.jobs(ctx)
		Expect(jobs).To(HaveLen(2))
		for i := range jobs {
			order, err := w.TaskOf(ctx, &jobs[i])
			Expect(err).NotTo(HaveOccurred())
			pod, err := w.StartPod(ctx, &jobs[i])
			Expect(err).NotTo(HaveOccurred())
			Expect(w.EndPod(ctx, &jobs[i], pod, w.success(order))).To(Succeed())
		}
		w.settle(ctx)
		for _, run := range w.sessions(ctx) {
			Expect(run.Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSucceeded), "%s: %+v", run.Name, run.Status)
		}
		snapshots := w.snapshots(ctx)
		Expect(snapshots).To(HaveLen(2))
		Expect(snapshots[0].Spec.Repository).NotTo(Equal(snapshots[1].Spec.Repository))
		var repos storagev1alpha1.RepositoryList
		Expect(w.Client.List(ctx, &repos, inNamespace(w))).To(Succeed())
		for _, repo := range repos.Items {
			Expect(repo.Status.SnapshotCount).To(HaveValue(BeEquivalentTo(1)), repo.Name)
		}
	})

	It("of an annotated target lead to a BackupConfiguration, too", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.ground(ctx)
		deployment := object.Deployment(w.namespace, strings.Repeat("a", 63), object.Claim)
		deployment.Annotations = map[string]string{metav1alpha1.AnnotationBlueprintName: object.Blueprint}
		w.apply(ctx, deployment, object.BackupBlueprint(w.namespace))
		w.settle(ctx)
		order := w.runJob(ctx)
		Expect(order.Repositories).To(HaveLen(1))
		w.settle(ctx)
		Expect(theOnly(w.sessions(ctx)).Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSucceeded))
	})
})
