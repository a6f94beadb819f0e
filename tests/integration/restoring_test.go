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

// backUp runs a backup by hand, from beginning to end.
func (w *world) backUp(ctx context.Context, name string) *storagev1alpha1.Snapshot {
	GinkgoHelper()
	w.Step(testStep)
	w.apply(ctx, object.BackupSession(w.namespace, name, object.Configuration))
	w.settle(ctx)
	w.runJob(ctx)
	w.settle(ctx)
	return get[storagev1alpha1.Snapshot](ctx, w, object.Repository+"-"+name)
}

// restoreWith is a RestoreSession that differs from the usual one.
func (w *world) restoreWith(ctx context.Context, change func(*corev1alpha1.RestoreSession)) {
	GinkgoHelper()
	s := object.RestoreSession(w.namespace, "restore", "latest")
	change(s)
	w.apply(ctx, s)
	w.settle(ctx)
}

var _ = Describe("A restore that says more", func() {
	var w *world
	BeforeEach(func(ctx SpecContext) {
		w = newWorld(ctx)
		w.ground(ctx)
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
	})

	DescribeTable("goes back to a point in time", func(ctx SpecContext, after time.Duration, exclusive bool, wanted string) {
		first := theOnly(w.snapshots(ctx))
		second := w.backUp(ctx, "second")
		Expect(second.Status.SnapshotTime.Time).To(BeTemporally(">", first.Status.SnapshotTime.Time))
		w.restoreWith(ctx, func(s *corev1alpha1.RestoreSession) {
			s.Spec.DataSource.Snapshot = ""
			s.Spec.DataSource.PITR = &corev1alpha1.PITR{TargetTime: ptr.To(metav1.NewTime(second.Status.SnapshotTime.Add(after))), Exclusive: exclusive}
		})
		if wanted == "" {
			done := restore(ctx, w)
			Expect(done.Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseFailed))
			Expect(w.warnings("restore")).To(ContainElement(And(ContainSubstring("nothing to restore"), ContainSubstring(first.Name))))
			Expect(w.jobs(ctx)).To(HaveLen(2), "the backups'")
			return
		}
		name := map[string]string{"first": first.Name, "second": second.Name}[wanted]
		Expect(w.runJob(ctx).Repositories[0].Snapshot).To(Equal(name))
		w.settle(ctx)
		Expect(restore(ctx, w).Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseSucceeded))
	},
		Entry("after all Snapshots: to the newest", time.Hour, false, "second"),
		Entry("of a Snapshot: to that one", time.Duration(0), false, "second"),
		Entry("of a Snapshot, without it: to the one before", time.Duration(0), true, "first"),
		Entry("between two: to the older", -time.Second, false, "first"),
		Entry("before all: never", -24*time.Hour, false, ""),
	)

	It("writes only where its target mounts the data, and where the session says", func(ctx SpecContext) {
		elsewhere := object.Deployment(w.namespace, "copy", "copied")
		elsewhere.Spec.Template.Spec.Containers[0].VolumeMounts[0].MountPath = "/srv"
		w.apply(ctx, object.VolumeClaim(w.namespace, "copied"), elsewhere)
		w.restoreWith(ctx, func(s *corev1alpha1.RestoreSession) { s.Spec.Target.Name = "copy" })
		Expect(restore(ctx, w).Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseFailed))
		Expect(w.warnings("restore")).To(ContainElement(ContainSubstring("it mounts: /srv. If a volume of the target is to have these files")))

		told := object.RestoreSession(w.namespace, "told", "latest")
		told.Spec.Target.Name = "copy"
		told.Spec.Addon.Tasks[0].TargetVolumes = &corev1alpha1.TargetVolumeInfo{
			VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: object.MountPath}},
		}
		w.apply(ctx, told)
		w.settle(ctx)
		job := w.onlyJob(ctx)
		Expect(job.Spec.Template.Spec.Volumes).To(ContainElement(HaveField("VolumeSource.PersistentVolumeClaim.ClaimName", "copied")))
		Expect(job.Spec.Template.Spec.Containers[0].VolumeMounts).To(ContainElement(And(
			HaveField("MountPath", object.MountPath), HaveField("ReadOnly", false))))
	})

	It("makes the claims that it restores into, which stay", func(ctx SpecContext) {
		fill := func(name string) {
			s := object.RestoreSession(w.namespace, name, "latest")
			s.Spec.Target = nil
			s.Spec.Addon.Tasks[0].TargetVolumes = &corev1alpha1.TargetVolumeInfo{
				VolumeMounts: []corev1.VolumeMount{{Name: "fresh", MountPath: object.MountPath}},
				VolumeClaimTemplates: []metav1alpha1.PersistentVolumeClaim{{
					Metadata: metav1alpha1.PartialObjectMeta{Name: "fresh", Labels: map[string]string{"team": "shop"}},
					Spec:     object.VolumeClaim("", "").Spec,
				}},
			}
			w.apply(ctx, s)
			w.settle(ctx)
		}
		fill("restore")
		claim := get[corev1.PersistentVolumeClaim](ctx, w, "fresh")
		Expect(claim.OwnerReferences).To(BeEmpty())
		Expect(claim.Labels).To(HaveKeyWithValue("team", "shop"))
		order := w.runJob(ctx)
		Expect(order.Restore.Snapshots).To(ConsistOf(HaveField("Path", object.MountPath)))
		Expect(order.Restore.EmptyPaths).To(BeEmpty(), "the claim is the session's own")
		w.settle(ctx)
		Expect(restore(ctx, w).Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseSucceeded))
		Expect(restore(ctx, w).Status.TargetFound).To(BeNil())

		By("naming the claim once more")
		fill("again")
		order, err := w.TaskOf(ctx, w.onlyJob(ctx))
		Expect(err).NotTo(HaveOccurred())
		Expect(order.Restore.EmptyPaths).To(ConsistOf(object.MountPath), "only a pod can see whether it's empty")
		Expect(w.Client.Get(ctx, keyOf(w, "fresh"), claim)).To(Succeed())
	})

	It("waits for another one, and backups are skipped meanwhile", func(ctx SpecContext) {
		w.apply(ctx, object.RestoreSession(w.namespace, "restore", "latest"))
		w.settle(ctx)
		first := restore(ctx, w)
		Expect(first.Status.PausedBackups).To(ConsistOf(HaveField("Name", object.Configuration)))
		w.apply(ctx, object.RestoreSession(w.namespace, "second", "latest"))
		claim := object.RestoreSession(w.namespace, "third", "latest")
		claim.Spec.Target = object.ClaimRef(w.namespace)
		claim.Spec.Addon.Tasks[0].TargetVolumes = &corev1alpha1.TargetVolumeInfo{
			VolumeMounts: []corev1.VolumeMount{{Name: metav1alpha1.VolumeData, MountPath: object.MountPath}},
		}
		claim.Spec.Addon.Name = object.ClaimAddon
		w.apply(ctx, claim, object.BackupSession(w.namespace, "meanwhile", object.Configuration))
		w.settle(ctx)
		for _, name := range []string{"second", "third"} {
			waiting := get[corev1alpha1.RestoreSession](ctx, w, name)
			Expect(waiting.Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhasePending), name)
			Expect(waiting.Status.Conditions).To(haveCondition(corev1alpha1.ConditionRestoreWaiting, metav1.ConditionTrue, "RestoreSession restore"))
		}
		skipped := get[corev1alpha1.BackupSession](ctx, w, "meanwhile")
		Expect(skipped.Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSkipped))
		Expect(w.warnings("meanwhile")).To(ContainElement(ContainSubstring("RestoreSession restore restores into the target")))

		By("ending the first")
		w.runJob(ctx)
		w.settle(ctx)
		Expect(restore(ctx, w).Status.PausedBackups).To(BeEmpty())
		Expect(w.onlyJob(ctx).Name).To(Equal("second"))
		w.runJob(ctx)
		w.settle(ctx)
		Expect(w.onlyJob(ctx).Name).To(Equal("third"))
		w.runJob(ctx)
		w.settle(ctx)
		for _, name := range []string{"second", "third"} {
			done := get[corev1alpha1.RestoreSession](ctx, w, name)
			Expect(done.Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseSucceeded), name)
			Expect(done.Status.Conditions).To(haveCondition(corev1alpha1.ConditionRestoreWaiting, metav1.ConditionFalse, ""))
		}
	})

	It("waits for a backup that runs", func(ctx SpecContext) {
		w.Step(testStep)
		w.apply(ctx, object.BackupSession(w.namespace, "running", object.Configuration))
		w.settle(ctx)
		w.apply(ctx, object.RestoreSession(w.namespace, "restore", "latest"))
		w.settle(ctx)
		Expect(restore(ctx, w).Status.Conditions).To(haveCondition(corev1alpha1.ConditionRestoreWaiting, metav1.ConditionTrue, "BackupSession running"))
		w.runJob(ctx)
		w.settle(ctx)
		Expect(w.runJob(ctx).Kind).To(Equal(task.KindRestore))
	})

	It("tells that its target goes on running, and on which node it works", func(ctx SpecContext) {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "writer", Labels: map[string]string{"app": object.App}}, Spec: object.Sleeper(object.Claim)}
		pod.Spec.NodeName = "node-7"
		w.apply(ctx, pod)
		pod.Status.Phase = corev1.PodRunning
		Expect(w.Client.Status().Update(ctx, pod)).To(Succeed())
		w.apply(ctx, object.RestoreSession(w.namespace, "restore", "latest"))
		w.settle(ctx)
		Expect(w.onlyJob(ctx).Spec.Template.Spec.NodeSelector).To(HaveKeyWithValue(corev1.LabelHostname, "node-7"))
		var notes []string
		for _, e := range w.Events() {
			if e.Name == "restore" && e.Reason == "RestoreNote" {
				notes = append(notes, e.Message)
			}
		}
		Expect(notes).To(ContainElement(ContainSubstring("Pod writer goes on running with PersistentVolumeClaim data")))
	})
})

var _ = Describe("A restore from another namespace", func() {
	var w *world
	var stranger string
	BeforeEach(func(ctx SpecContext) {
		w = newWorld(ctx)
		w.ground(ctx)
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "stranger-"}}
		Expect(w.Client.Create(ctx, namespace)).To(Succeed())
		stranger = namespace.Name
		w.apply(ctx, object.VolumeClaim(stranger, object.Claim), object.Deployment(stranger, object.App, object.Claim))
	})
	attempt := func(ctx context.Context, change func(*corev1alpha1.RestoreSession)) *corev1alpha1.RestoreSession {
		GinkgoHelper()
		s := object.RestoreSession(stranger, "restore", "latest")
		s.Spec.DataSource.Namespace = w.namespace
		change(s)
		w.apply(ctx, s)
		Expect(w.Settle(ctx, stranger)).To(Succeed())
		Expect(w.Client.Get(ctx, client.ObjectKeyFromObject(s), s)).To(Succeed())
		return s
	}

	It("needs the password in its own namespace, and gets the data there", func(ctx SpecContext) {
		w.apply(ctx, object.Password(stranger, password))
		s := attempt(ctx, func(*corev1alpha1.RestoreSession) {})
		Expect(s.Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhasePending), "%+v", s.Status)
		away := *w
		away.namespace = stranger
		order := away.runJob(ctx)
		Expect(order.Repositories[0].Directory).To(HavePrefix(object.Directory + "/repository/"))
		Expect(w.Settle(ctx, stranger)).To(Succeed())
		Expect(w.Client.Get(ctx, client.ObjectKeyFromObject(s), s)).To(Succeed())
		Expect(s.Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseSucceeded))
	})

	It("never reads another namespace's Secret for a stranger", func(ctx SpecContext) {
		for name, secret := range map[string]*metav1alpha1.ObjectReference{
			"none-named": nil, "theirs": {Namespace: w.namespace, Name: object.EncryptionSecret},
		} {
			s := attempt(ctx, func(s *corev1alpha1.RestoreSession) { s.Name, s.Spec.DataSource.EncryptionSecret = name, secret })
			Expect(s.Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseInvalid), name)
			Expect(s.Status.Conditions).To(haveCondition(corev1alpha1.ConditionValidationPassed, metav1.ConditionFalse, "belongs to namespace "+w.namespace))
		}
	})

	It("tells a stranger the same whether there is nothing or he may not use the storage", func(ctx SpecContext) {
		w.apply(ctx, object.Password(stranger, password))
		storage := get[storagev1alpha1.BackupStorage](ctx, w, object.Storage)
		storage.Spec.UsagePolicy = nil
		Expect(w.Client.Update(ctx, storage)).To(Succeed())
		forbidden := attempt(ctx, func(s *corev1alpha1.RestoreSession) { s.Name = "forbidden" })
		Expect(forbidden.Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseFailed))
		nothing := attempt(ctx, func(s *corev1alpha1.RestoreSession) { s.Name, s.Spec.DataSource.Repository = "nothing", "nothing" })
		said := func(s *corev1alpha1.RestoreSession) string {
			return metav1alpha1.FindCondition(s.Status.Conditions, corev1alpha1.ConditionRestoreExecutorEnsured).Message
		}
		Expect(said(forbidden)).To(ContainSubstring("usagePolicy of its BackupStorage doesn't allow " + stranger))
		Expect(said(nothing)).To(ContainSubstring("usagePolicy of its BackupStorage doesn't allow " + stranger))
	})

	It("isn't reached through a Repository that a stranger has written", func(ctx SpecContext) {
		theirs := get[storagev1alpha1.Repository](ctx, w, object.Repository)
		forged := &storagev1alpha1.Repository{ObjectMeta: object.Meta(stranger, object.Repository), Spec: *theirs.Spec.DeepCopy()}
		forged.Spec.StorageRef.Namespace = w.namespace
		forged.Spec.EncryptionSecret = &metav1alpha1.ObjectReference{Namespace: w.namespace, Name: object.EncryptionSecret}
		w.apply(ctx, forged)
		s := attempt(ctx, func(s *corev1alpha1.RestoreSession) {
			s.Spec.DataSource.Namespace, s.Spec.DataSource.EncryptionSecret = "", nil
		})
		Expect(s.Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseFailed))
		Expect(metav1alpha1.FindCondition(s.Status.Conditions, corev1alpha1.ConditionRestoreExecutorEnsured).Message).
			To(ContainSubstring("belongs to namespace " + w.namespace))
	})
})

var _ = Describe("A restore into a StatefulSet", func() {
	var w *world
	set := func(name string, replicas int32) *appsv1.StatefulSet {
		pod := object.Sleeper("unused")
		pod.Volumes = nil
		labels := map[string]string{"app": name}
		return &appsv1.StatefulSet{
			ObjectMeta: object.Meta(w.namespace, name),
			Spec: appsv1.StatefulSetSpec{
				Replicas: ptr.To(replicas), Selector: &metav1.LabelSelector{MatchLabels: labels},
				Template:             corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod},
				VolumeClaimTemplates: []corev1.PersistentVolumeClaim{*object.VolumeClaim("", "data")},
			},
		}
	}
	into := func(ctx context.Context, name string, components ...string) {
		GinkgoHelper()
		w.restoreWith(ctx, func(s *corev1alpha1.RestoreSession) {
			s.Spec.Target = &metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: "StatefulSet", Name: name}
			s.Spec.DataSource.Components = components
		})
	}
	BeforeEach(func(ctx SpecContext) {
		w = newWorld(ctx)
		w.ground(ctx)
		w.apply(ctx, set("db", 2), object.VolumeClaim(w.namespace, "data-db-0"), object.VolumeClaim(w.namespace, "data-db-1"))
		bc := object.BackupConfiguration(w.namespace)
		bc.Spec.Target = &metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: "StatefulSet", Name: "db"}
		w.apply(ctx, bc)
		w.settle(ctx)
		for len(openJobs(ctx, w)) > 0 {
			job := openJobs(ctx, w)[0]
			order, err := w.TaskOf(ctx, &job)
			Expect(err).NotTo(HaveOccurred())
			pod, err := w.StartPod(ctx, &job)
			Expect(err).NotTo(HaveOccurred())
			Expect(w.EndPod(ctx, &job, pod, w.success(order))).To(Succeed())
			w.settle(ctx)
		}
		Expect(theOnly(w.snapshots(ctx)).Status.Phase).To(Equal(storagev1alpha1.SnapshotPhaseSucceeded))
	})

	It("writes the one component that was chosen, by its former name", func(ctx SpecContext) {
		into(ctx, "db", "pod-1")
		job := w.onlyJob(ctx)
		Expect(job.Spec.Template.Spec.Volumes).To(ContainElement(HaveField("VolumeSource.PersistentVolumeClaim.ClaimName", "data-db-1")))
		w.runJob(ctx)
		w.settle(ctx)
		done := restore(ctx, w)
		Expect(done.Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseSucceeded))
		Expect(done.Status.Components).To(HaveLen(1))
		Expect(done.Status.Components).To(HaveKey("dump-pod-1"))
	})

	It("writes into the claims of one that is scaled to zero", func(ctx SpecContext) {
		stopped := get[appsv1.StatefulSet](ctx, w, "db")
		stopped.Spec.Replicas = ptr.To[int32](0)
		Expect(w.Client.Update(ctx, stopped)).To(Succeed())
		into(ctx, "db")
		Expect(openJobs(ctx, w)).To(HaveLen(2))
	})

	It("fails when a component has no claim to go to, and says what to do", func(ctx SpecContext) {
		w.apply(ctx, set("small", 1), object.VolumeClaim(w.namespace, "data-small-0"))
		into(ctx, "small")
		w.Step(2 * time.Minute)
		w.settle(ctx)
		Expect(restore(ctx, w).Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseFailed))
		Expect(w.warnings("restore")).To(ContainElement(ContainSubstring("PersistentVolumeClaim data-small-1 of component dump-pod-1 doesn't exist; StatefulSet small")))
		Expect(openJobs(ctx, w)).To(BeEmpty())
	})

	It("makes one claim for each pod of a StatefulSet that isn't there yet", func(ctx SpecContext) {
		w.restoreWith(ctx, func(s *corev1alpha1.RestoreSession) {
			s.Spec.Target = nil
			s.Spec.Addon.Tasks[0].TargetVolumes = &corev1alpha1.TargetVolumeInfo{
				VolumeMounts: []corev1.VolumeMount{{Name: "data-new-${POD_ORDINAL}", MountPath: object.MountPath}},
				VolumeClaimTemplates: []metav1alpha1.PersistentVolumeClaim{{
					Metadata: metav1alpha1.PartialObjectMeta{Name: "data-new-${POD_ORDINAL}"}, Spec: object.VolumeClaim("", "").Spec,
				}},
			}
		})
		Expect(openJobs(ctx, w)).To(HaveLen(2))
		for _, name := range []string{"data-new-0", "data-new-1"} {
			get[corev1.PersistentVolumeClaim](ctx, w, name)
		}
	})
})

// openJobs are those that move bytes and have not ended.
func openJobs(ctx context.Context, w *world) []batchv1.Job {
	GinkgoHelper()
	var open []batchv1.Job
	for _, job := range w.jobs(ctx) {
		if len(job.Status.Conditions) == 0 {
			open = append(open, job)
		}
	}
	return open
}
