// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
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
	"kubestash.com/kubestash/tests/kit/object"
)

var _ = Describe("A target", func() {
	var w *world
	BeforeEach(func(ctx SpecContext) {
		w = newWorld(ctx)
		w.ground(ctx)
	})
	labels := map[string]string{"app": "bare"}
	pod := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: object.Sleeper(object.Claim)}
	pod.Spec.Tolerations = []corev1.Toleration{{Key: "storage", Operator: corev1.TolerationOpExists}}

	DescribeTable("of a kind that makes pods is backed up and restored, where its pods may run", func(ctx SpecContext, kind, group string) {
		bare := map[string]client.Object{
			metav1alpha1.KindReplicaSet: &appsv1.ReplicaSet{ObjectMeta: object.Meta(w.namespace, "bare"), Spec: appsv1.ReplicaSetSpec{
				Replicas: ptr.To[int32](1), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: pod,
			}},
			metav1alpha1.KindReplicationController: &corev1.ReplicationController{ObjectMeta: object.Meta(w.namespace, "bare"), Spec: corev1.ReplicationControllerSpec{
				Replicas: ptr.To[int32](1), Selector: labels, Template: &pod,
			}},
		}
		target := &metav1alpha1.TypedObjectReference{APIGroup: group, Kind: kind, Name: "bare"}
		bc := object.BackupConfiguration(w.namespace)
		bc.Spec.Target = target
		w.apply(ctx, bare[kind], bc)
		w.settle(ctx)
		Expect(w.onlyJob(ctx).Spec.Template.Spec.Tolerations).To(ContainElement(HaveField("Key", "storage")))
		order := w.runJob(ctx)
		Expect(order.Backup.Paths).To(ConsistOf(object.MountPath))
		w.settle(ctx)
		session := object.RestoreSession(w.namespace, "restore", "latest")
		session.Spec.Target = target
		w.apply(ctx, session)
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		Expect(restore(ctx, w).Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseSucceeded))
	},
		Entry("a ReplicaSet", metav1alpha1.KindReplicaSet, "apps"),
		Entry("a ReplicationController", metav1alpha1.KindReplicationController, ""),
	)

	DescribeTable("of a kind that comes and goes is refused, with what to do instead", func(ctx SpecContext, kind, group string) {
		target := &metav1alpha1.TypedObjectReference{APIGroup: group, Kind: kind, Name: "once"}
		bc := object.BackupConfiguration(w.namespace)
		bc.Spec.Target = target
		session := object.RestoreSession(w.namespace, "restore", "latest")
		session.Spec.Target = target
		w.apply(ctx, bc, session)
		w.settle(ctx)
		w.Step(2 * time.Minute)
		w.settle(ctx)
		const instead = "name one of them as the target, with pvc-addon"
		Expect(w.configuration(ctx).Status.Conditions).To(ContainElement(HaveField("Message", ContainSubstring(instead))))
		done := restore(ctx, w)
		Expect(done.Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseInvalid))
		Expect(done.Status.Conditions).To(haveCondition(corev1alpha1.ConditionValidationPassed, metav1.ConditionFalse, instead))
		Expect(w.jobs(ctx)).To(BeEmpty())
	},
		Entry("a Job", metav1alpha1.KindJob, "batch"),
		Entry("a CronJob", "CronJob", "batch"),
		Entry("a Pod", "Pod", ""),
	)
})
