// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/blueprint"
	"kubestash.com/kubestash/tests/kit/object"
)

var _ = Describe("A blueprint", func() {
	const name = "deployment-" + object.App
	var w *world
	BeforeEach(func(ctx SpecContext) {
		w = newWorld(ctx)
		w.ground(ctx)
	})

	expectNothing := func(ctx SpecContext, reason, text string) {
		GinkgoHelper()
		var list corev1alpha1.BackupConfigurationList
		Expect(w.Client.List(ctx, &list, inNamespace(w))).To(Succeed())
		Expect(list.Items).To(BeEmpty())
		Expect(w.warnings(object.App)).To(ConsistOf(And(HavePrefix(reason+": "), ContainSubstring(text))))
	}

	It("that doesn't exist is told to the target's owner once, and is picked up when it comes", func(ctx SpecContext) {
		annotate(ctx, w, map[string]string{metav1alpha1.AnnotationBlueprintName: object.Blueprint})
		w.settle(ctx)
		expectNothing(ctx, blueprint.EventBlueprintNotFound, object.Blueprint)
		w.apply(ctx, object.BackupBlueprint(w.namespace))
		w.settle(ctx)
		get[corev1alpha1.BackupConfiguration](ctx, w, name)
	})

	It("that doesn't allow the namespace is told, and is picked up when it does", func(ctx SpecContext) {
		other := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "other-"}}
		w.apply(ctx, other)
		bp := object.BackupBlueprint(other.Name)
		bp.Spec.BackupConfigurationTemplate.Backends = object.Backends(w.namespace)
		bp.Spec.BackupConfigurationTemplate.Sessions[0].Repositories[0].EncryptionSecret.Namespace = w.namespace
		open := bp.Spec.UsagePolicy
		bp.Spec.UsagePolicy = nil
		w.apply(ctx, bp)
		annotate(ctx, w, map[string]string{
			metav1alpha1.AnnotationBlueprintName: object.Blueprint, metav1alpha1.AnnotationBlueprintNamespace: other.Name,
		})
		w.settle(ctx)
		expectNothing(ctx, blueprint.EventBlueprintNotAllowed, other.Name)
		bp.Spec.UsagePolicy = open
		Expect(w.Client.Update(ctx, bp)).To(Succeed())
		w.settle(ctx)
		Expect(get[corev1alpha1.BackupConfiguration](ctx, w, name).Status.Phase).To(Equal(corev1alpha1.BackupConfigurationPhaseReady))
	})

	It("with a variable that has no value names the annotation that is missing", func(ctx SpecContext) {
		bp := object.BackupBlueprint(w.namespace)
		bp.Spec.BackupConfigurationTemplate.Sessions[0].Scheduler.Schedule = "${when}"
		w.apply(ctx, bp)
		annotations := map[string]string{metav1alpha1.AnnotationBlueprintName: object.Blueprint}
		annotate(ctx, w, annotations)
		w.settle(ctx)
		expectNothing(ctx, blueprint.EventVariablesMissing, metav1alpha1.AnnotationVariablePrefix+"when")
		annotations[metav1alpha1.AnnotationVariablePrefix+"when"] = "0 4 * * *"
		annotate(ctx, w, annotations)
		w.settle(ctx)
		bc := get[corev1alpha1.BackupConfiguration](ctx, w, name)
		Expect(bc.Spec.Sessions[0].Scheduler.Schedule).To(Equal("0 4 * * *"))
	})

	It("takes its BackupConfiguration back with the annotation, and leaves the backups", func(ctx SpecContext) {
		w.apply(ctx, object.BackupBlueprint(w.namespace))
		annotate(ctx, w, map[string]string{metav1alpha1.AnnotationBlueprintName: object.Blueprint})
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		annotate(ctx, w, nil)
		w.settle(ctx)
		expectGone(ctx, w, name)
	})

	It("takes its BackupConfiguration back with the target, and leaves the backups", func(ctx SpecContext) {
		w.apply(ctx, object.BackupBlueprint(w.namespace))
		annotate(ctx, w, map[string]string{metav1alpha1.AnnotationBlueprintName: object.Blueprint})
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		Expect(w.Client.Delete(ctx, get[appsv1.Deployment](ctx, w, object.App))).To(Succeed())
		w.settle(ctx)
		expectGone(ctx, w, name)
	})

	It("leaves a user's own BackupConfiguration of that name alone", func(ctx SpecContext) {
		own := object.BackupConfiguration(w.namespace)
		own.Name = name
		w.apply(ctx, own, object.BackupBlueprint(w.namespace))
		annotate(ctx, w, map[string]string{metav1alpha1.AnnotationBlueprintName: object.Blueprint})
		w.settle(ctx)
		Expect(w.warnings(object.App)).To(ConsistOf(HavePrefix(blueprint.EventNameTaken + ": ")))
		after := get[corev1alpha1.BackupConfiguration](ctx, w, name)
		Expect(after.Spec).To(Equal(own.Spec))
	})

	It("backs up a PersistentVolumeClaim that is annotated itself", func(ctx SpecContext) {
		bp := object.BackupBlueprint(w.namespace)
		bp.Spec.BackupConfigurationTemplate.Sessions[0].Addon.Name = object.ClaimAddon
		w.apply(ctx, bp)
		claim := get[corev1.PersistentVolumeClaim](ctx, w, object.Claim)
		claim.Annotations = map[string]string{metav1alpha1.AnnotationBlueprintName: object.Blueprint}
		Expect(w.Client.Update(ctx, claim)).To(Succeed())
		w.settle(ctx)
		bc := get[corev1alpha1.BackupConfiguration](ctx, w, "persistentvolumeclaim-"+object.Claim)
		Expect(bc.Status.Phase).To(Equal(corev1alpha1.BackupConfigurationPhaseReady))
		job := w.onlyJob(ctx)
		Expect(mountsClaim(job.Spec.Template.Spec, object.Claim)).To(BeTrue())
		order := w.runJob(ctx)
		Expect(order.Backup.Paths).To(ConsistOf(metav1alpha1.MountPathData))
		w.settle(ctx)
		Expect(theOnly(w.snapshots(ctx)).Status.Phase).To(Equal(storagev1alpha1.SnapshotPhaseSucceeded))
	})
})

func mountsClaim(pod corev1.PodSpec, claim string) bool {
	for _, v := range pod.Volumes {
		if v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == claim {
			return true
		}
	}
	return false
}

func expectGone(ctx SpecContext, w *world, configuration string) {
	GinkgoHelper()
	Expect(w.Client.Get(ctx, keyOf(w, configuration), &corev1alpha1.BackupConfiguration{})).NotTo(Succeed())
	get[storagev1alpha1.Repository](ctx, w, configuration)
	Expect(w.snapshots(ctx)).To(HaveLen(1))
	_, found := stored(w.namespace + "/" + w.namespace + "/" + object.App + "/repository.yaml")
	Expect(found).To(BeTrue(), "the Repository's document is still in the bucket")
}
