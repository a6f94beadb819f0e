// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/tests/kit/object"
)

var _ = Describe("The lock of a pod that died", func() {
	var w *world
	BeforeEach(func(ctx SpecContext) { w = newWorld(ctx) })

	It("in a backup is known as stale to the restore that comes next", func(ctx SpecContext) {
		keepOne(ctx, w)
		w.apply(ctx, object.BackupSession(w.namespace, "killed", object.Configuration))
		w.settle(ctx)
		job := w.onlyJob(ctx)
		pod, err := w.StartPod(ctx, job)
		Expect(err).NotTo(HaveOccurred())
		Expect(w.EndPodWith(ctx, job, pod, 137, "")).To(Succeed())
		w.settle(ctx)
		w.apply(ctx, object.RestoreSession(w.namespace, "restore", "latest"))
		w.settle(ctx)
		order, err := w.TaskOf(ctx, w.onlyJob(ctx))
		Expect(err).NotTo(HaveOccurred())
		Expect(order.EndedJobs).To(ContainElement("killed"))
	})

	It("in a backup is still known after a run that could not remove it", func(ctx SpecContext) {
		keepOne(ctx, w)
		for _, name := range []string{"killed", "failed-1", "failed-2"} {
			w.Step(testStep)
			w.apply(ctx, object.BackupSession(w.namespace, name, object.Configuration))
			w.settle(ctx)
			if name != "killed" {
				failJob(ctx, w, "BackendUnreachable", "no such host")
			} else {
				job := w.onlyJob(ctx)
				pod, err := w.StartPod(ctx, job)
				Expect(err).NotTo(HaveOccurred())
				Expect(w.EndPodWith(ctx, job, pod, 137, "")).To(Succeed())
			}
			w.settle(ctx)
		}
		w.Step(testStep)
		w.apply(ctx, object.BackupSession(w.namespace, "next", object.Configuration))
		w.settle(ctx)
		order := w.runJob(ctx)
		Expect(order.EndedJobs).To(ContainElement("killed"))
		w.settle(ctx)
		Expect(get[corev1alpha1.BackupSession](ctx, w, "next").Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSucceeded))
		Expect(w.snapshots(ctx)).To(HaveLen(2), "the newest, and one that failed")
	})

	It("in a backup of several targets is known as stale to a restore and to a maintenance", func(ctx SpecContext) {
		w.ground(ctx)
		w.apply(ctx, object.VolumeClaim(w.namespace, object.Uploads), object.BackupBatch(w.namespace))
		w.settle(ctx)
		w.runJobs(ctx, 2)
		w.settle(ctx)
		w.Step(testStep)
		killed := object.BackupSession(w.namespace, "killed", object.Batch)
		killed.Spec.Invoker.Kind = corev1alpha1.KindBackupBatch
		w.apply(ctx, killed)
		w.settle(ctx)
		for _, job := range w.jobs(ctx) {
			if len(job.Status.Conditions) == 0 {
				pod, err := w.StartPod(ctx, &job)
				Expect(err).NotTo(HaveOccurred())
				Expect(w.EndPodWith(ctx, &job, pod, 137, "")).To(Succeed())
			}
		}
		w.settle(ctx)
		stale, foreign := "killed-"+object.BatchApp+"-dump", "killed-"+object.BatchUpload+"-dump"

		const repository = object.BatchApp + "-repo"
		restore := object.RestoreSession(w.namespace, "restore", "latest")
		restore.Spec.DataSource.Repository = repository
		w.apply(ctx, restore)
		w.settle(ctx)
		order := w.runJob(ctx)
		Expect(order.EndedJobs).To(And(ContainElement(stale), Not(ContainElement(foreign))))
		w.settle(ctx)

		repo := get[storagev1alpha1.Repository](ctx, w, repository)
		base := client.MergeFrom(repo.DeepCopy())
		metav1.SetMetaDataAnnotation(&repo.ObjectMeta, metav1alpha1.AnnotationMaintain, "now")
		Expect(w.Client.Patch(ctx, repo, base)).To(Succeed())
		w.settle(ctx)
		order = w.runJob(ctx)
		Expect(order.Kind).To(Equal(task.KindMaintain))
		Expect(order.EndedJobs).To(And(ContainElement(stale), Not(ContainElement(foreign))))
	})

	It("in the last step is known as stale to the next run, and not before that step is over", func(ctx SpecContext) {
		twoComponents(ctx, w)
		w.apply(ctx, object.BackupSession(w.namespace, "second", object.Configuration))
		w.settle(ctx)
		w.runJobs(ctx, 2)
		w.settle(ctx)
		last := w.onlyJob(ctx)
		Expect(last.Name).To(Equal(naming.RetentionPolicyJob("second")))
		pod, err := w.StartPod(ctx, last)
		Expect(err).NotTo(HaveOccurred())

		restore := object.RestoreSession(w.namespace, "restore", "latest")
		restore.Spec.Target = &metav1alpha1.TypedObjectReference{
			APIGroup: "apps", Kind: metav1alpha1.KindStatefulSet, Namespace: w.namespace, Name: "set",
		}
		w.apply(ctx, restore)
		w.settle(ctx)
		Expect(w.onlyJob(ctx).Name).To(Equal(last.Name), "the restore waits for a step that may hold a lock")
		Expect(w.EndPodWith(ctx, last, pod, 137, "")).To(Succeed())
		w.settle(ctx)
		Expect(get[corev1alpha1.BackupSession](ctx, w, "second").Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseFailed))

		w.Step(time.Hour)
		w.settle(ctx)
		Expect(get[corev1alpha1.RestoreSession](ctx, w, "restore").Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseFailed), "it has no claims")
		w.apply(ctx, object.BackupSession(w.namespace, "third", object.Configuration))
		w.settle(ctx)
		open := 0
		for _, job := range w.jobs(ctx) {
			if len(job.Status.Conditions) > 0 {
				continue
			}
			open++
			order, err := w.TaskOf(ctx, &job)
			Expect(err).NotTo(HaveOccurred())
			Expect(order.EndedJobs).To(ContainElement(last.Name))
		}
		Expect(open).To(Equal(2))
	})
})

// keepOne has one backup done, and a policy that keeps one.
func keepOne(ctx context.Context, w *world) {
	GinkgoHelper()
	w.ground(ctx)
	w.keep(ctx, 1)
	w.apply(ctx, object.BackupConfiguration(w.namespace))
	w.settle(ctx)
	w.runJob(ctx)
	w.settle(ctx)
	w.Step(testStep)
}

// twoComponents is keepOne for a StatefulSet of two pods.
func twoComponents(ctx context.Context, w *world) {
	GinkgoHelper()
	w.ground(ctx)
	w.keep(ctx, 1)
	pod := object.Sleeper("unused")
	pod.Volumes = nil
	w.apply(ctx, &appsv1.StatefulSet{
		ObjectMeta: object.Meta(w.namespace, "set"),
		Spec: appsv1.StatefulSetSpec{
			Replicas: ptr.To[int32](2), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "set"}},
			Template:             corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "set"}}, Spec: pod},
			VolumeClaimTemplates: []corev1.PersistentVolumeClaim{*object.VolumeClaim("", "data")},
		},
	})
	bc := object.BackupConfiguration(w.namespace)
	bc.Spec.Target = &metav1alpha1.TypedObjectReference{
		APIGroup: appsv1.GroupName, Kind: metav1alpha1.KindStatefulSet, Namespace: w.namespace, Name: "set",
	}
	w.apply(ctx, bc)
	w.settle(ctx)
	w.runJobs(ctx, 2)
	w.settle(ctx)
	w.Step(testStep)
}

func (w *world) keep(ctx context.Context, last int32) {
	GinkgoHelper()
	policy := object.KeepLast(w.namespace, last)
	Expect(w.Client.Delete(ctx, policy)).To(Succeed())
	w.apply(ctx, object.KeepLast(w.namespace, last))
}

// runJobs plays all open Jobs, of which there must be so many, to a good end.
func (w *world) runJobs(ctx context.Context, count int) {
	GinkgoHelper()
	ran := 0
	for _, job := range w.jobs(ctx) {
		if len(job.Status.Conditions) > 0 {
			continue
		}
		order, err := w.TaskOf(ctx, &job)
		Expect(err).NotTo(HaveOccurred())
		pod, err := w.StartPod(ctx, &job)
		Expect(err).NotTo(HaveOccurred())
		Expect(w.EndPod(ctx, &job, pod, w.success(order))).To(Succeed())
		ran++
	}
	Expect(ran).To(Equal(count), "Jobs that were open")
}
