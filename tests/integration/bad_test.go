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
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/tests/kit/object"
)

// badGround is a mistake in what a BackupConfiguration rests on.
type badGround struct {
	// spoil changes what would work, before it is applied.
	spoil func(w *world, g *ground)
	// storageSays is in the condition of the BackupStorage; empty when the storage is well.
	storageSays string
	// configurationSays is in the condition Ready of the BackupConfiguration.
	configurationSays string
	// mend makes it right.
	mend func(ctx context.Context, w *world)
}

// ground is what ground applies, before it does.
type ground struct {
	keys, password *corev1.Secret
	storage        *storagev1alpha1.BackupStorage
	policy         *storagev1alpha1.RetentionPolicy
	deployment     *appsv1.Deployment
	configuration  *corev1alpha1.BackupConfiguration
}

var _ = Describe("Bad input", func() {
	var w *world
	BeforeEach(func(ctx SpecContext) { w = newWorld(ctx) })

	DescribeTable("in what a BackupConfiguration rests on is told, starts nothing, and is picked up once it's mended",
		func(ctx SpecContext, row badGround) {
			g := &ground{
				keys: object.S3Keys(w.namespace, accessKey, secretKey), password: object.Password(w.namespace, password),
				storage: object.S3(w.namespace, store.Endpoint, bucket), policy: object.KeepLast(w.namespace, 3),
				deployment:    object.Deployment(w.namespace, object.App, object.Claim),
				configuration: object.BackupConfiguration(w.namespace),
			}
			row.spoil(w, g)
			w.apply(ctx, object.VolumeClaim(w.namespace, object.Claim))
			for _, o := range []client.Object{g.keys, g.password, g.storage, g.policy, g.deployment, g.configuration} {
				if o.GetName() != "" {
					w.apply(ctx, o)
				}
			}
			w.settle(ctx)
			storage := get[storagev1alpha1.BackupStorage](ctx, w, object.Storage)
			if row.storageSays != "" {
				Expect(storage.Status.Phase).To(Equal(storagev1alpha1.BackupStoragePhaseNotReady))
				Expect(badMessages(storage.Status.Conditions)).To(ContainElement(ContainSubstring(row.storageSays)))
				Expect(w.warnings(object.Storage)).To(ContainElement(ContainSubstring(row.storageSays)))
			}
			bc := w.configuration(ctx)
			Expect(bc.Status.Phase).To(Equal(corev1alpha1.BackupConfigurationPhaseNotReady))
			Expect(bc.Status.Conditions).To(haveCondition(corev1alpha1.ConditionReady, metav1.ConditionFalse, row.configurationSays))
			Expect(w.warnings(object.Configuration)).To(ContainElement(ContainSubstring(row.configurationSays)))
			Expect(w.sessions(ctx)).To(BeEmpty())
			Expect(w.jobs(ctx)).To(BeEmpty())

			By("asking for a run all the same")
			w.apply(ctx, object.BackupSession(w.namespace, "asked", object.Configuration))
			w.settle(ctx)
			w.Step(2 * time.Minute)
			w.settle(ctx)
			asked := get[corev1alpha1.BackupSession](ctx, w, "asked")
			Expect(asked.Status.Phase).To(BeElementOf(corev1alpha1.BackupSessionPhaseFailed, corev1alpha1.BackupSessionPhaseSkipped))
			Expect(w.warnings("asked")).NotTo(BeEmpty())
			Expect(w.jobs(ctx)).To(BeEmpty())

			By("mending it")
			row.mend(ctx, w)
			w.Step(2 * time.Minute)
			w.settle(ctx)
			Expect(w.configuration(ctx).Status.Phase).To(Equal(corev1alpha1.BackupConfigurationPhaseReady))
			w.runJob(ctx)
			w.settle(ctx)
			Expect(theOnly(w.snapshots(ctx)).Status.Phase).To(Equal(storagev1alpha1.SnapshotPhaseSucceeded))
		},
		Entry("a storage whose Secret is missing", badGround{
			spoil:       func(_ *world, g *ground) { g.keys.Name = "" },
			storageSays: "does not exist", configurationSays: "does not exist",
			mend: func(ctx context.Context, w *world) { w.apply(ctx, object.S3Keys(w.namespace, accessKey, secretKey)) },
		}),
		Entry("a storage whose Secret lacks a key", badGround{
			spoil:       func(_ *world, g *ground) { delete(g.keys.Data, metav1alpha1.SecretKeyAWSSecretAccessKey) },
			storageSays: metav1alpha1.SecretKeyAWSSecretAccessKey, configurationSays: metav1alpha1.SecretKeyAWSSecretAccessKey,
			mend: setSecret(object.StorageSecret, metav1alpha1.SecretKeyAWSSecretAccessKey, secretKey),
		}),
		Entry("a storage with wrong credentials", badGround{
			spoil: func(_ *world, g *ground) {
				g.keys.Data[metav1alpha1.SecretKeyAWSSecretAccessKey] = []byte("wrong")
			},
			storageSays: string(engine.ClassDenied), configurationSays: string(engine.ClassDenied),
			mend: setSecret(object.StorageSecret, metav1alpha1.SecretKeyAWSSecretAccessKey, secretKey),
		}),
		Entry("a storage in a bucket that doesn't exist", badGround{
			spoil:       func(w *world, g *ground) { g.storage.Spec.Storage.S3.Bucket = "b-" + w.namespace },
			storageSays: string(engine.ClassBucketMissing), configurationSays: string(engine.ClassBucketMissing),
			mend: func(_ context.Context, w *world) { makeBucket("b-" + w.namespace) },
		}),
		Entry("an encryption Secret that is missing", badGround{
			spoil:             func(_ *world, g *ground) { g.password.Name = "" },
			configurationSays: object.EncryptionSecret,
			mend:              func(ctx context.Context, w *world) { w.apply(ctx, object.Password(w.namespace, password)) },
		}),
		Entry("an encryption Secret with an empty password", badGround{
			spoil: func(_ *world, g *ground) {
				g.password.Data[metav1alpha1.SecretKeyResticPassword] = nil
			},
			configurationSays: metav1alpha1.SecretKeyResticPassword,
			mend:              setSecret(object.EncryptionSecret, metav1alpha1.SecretKeyResticPassword, password),
		}),
		Entry("a target that doesn't exist", badGround{
			spoil:             func(_ *world, g *ground) { g.deployment.Name = "" },
			configurationSays: "Target Deployment",
			mend: func(ctx context.Context, w *world) {
				w.apply(ctx, object.Deployment(w.namespace, object.App, object.Claim))
			},
		}),
		Entry("an addon that doesn't exist", badGround{
			spoil:             func(_ *world, g *ground) { g.configuration.Spec.Sessions[0].Addon.Name = "no-addon" },
			configurationSays: "no-addon",
			mend: edit(func(bc *corev1alpha1.BackupConfiguration) {
				bc.Spec.Sessions[0].Addon.Name = object.WorkloadAddon
			}),
		}),
		Entry("a task that the addon doesn't have", badGround{
			spoil:             func(_ *world, g *ground) { g.configuration.Spec.Sessions[0].Addon.Tasks[0].Name = "no-task" },
			configurationSays: "no-task",
			mend: edit(func(bc *corev1alpha1.BackupConfiguration) {
				bc.Spec.Sessions[0].Addon.Tasks[0].Name = metav1alpha1.TaskLogicalBackup
			}),
		}),
		Entry("a retention policy that doesn't exist", badGround{
			spoil:             func(_ *world, g *ground) { g.policy.Name = "" },
			configurationSays: object.Retention,
			mend:              func(ctx context.Context, w *world) { w.apply(ctx, object.KeepLast(w.namespace, 3)) },
		}),
	)

	It("in a schedule makes the BackupConfiguration Invalid and stops its slots", func(ctx SpecContext) {
		w.ground(ctx)
		bc := object.BackupConfiguration(w.namespace)
		bc.Spec.Sessions[0].Scheduler.Schedule = "every day at three"
		w.apply(ctx, bc)
		w.settle(ctx)
		expectInvalid(ctx, w, "every day at three")
		Expect(w.sessions(ctx)).To(BeEmpty())

		edit(func(bc *corev1alpha1.BackupConfiguration) { bc.Spec.Sessions[0].Scheduler.Schedule = "0 3 * * *" })(ctx, w)
		w.settle(ctx)
		cronJob := get[batchv1.CronJob](ctx, w, "trigger-"+object.Configuration+"-"+object.Session)
		Expect(cronJob.Spec.Suspend).To(HaveValue(BeFalse()))
		Expect(w.sessions(ctx)).To(HaveLen(1))

		edit(func(bc *corev1alpha1.BackupConfiguration) { bc.Spec.Sessions[0].Scheduler.Schedule = "61 * * * *" })(ctx, w)
		w.settle(ctx)
		expectInvalid(ctx, w, "61 * * * *")
		cronJob = get[batchv1.CronJob](ctx, w, cronJob.Name)
		Expect(cronJob.Spec.Suspend).To(HaveValue(BeTrue()))
	})

	It("that gives two BackupConfigurations one directory leaves it to the first", func(ctx SpecContext) {
		w.ground(ctx)
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		second := object.BackupConfiguration(w.namespace)
		second.Name = "second"
		second.Spec.Sessions[0].Repositories[0].Name = "second"
		second.Spec.Sessions[0].Repositories[0].Directory = "/" + object.Directory + "/."
		w.apply(ctx, second)
		w.settle(ctx)
		Expect(w.configuration(ctx).Status.Phase).To(Equal(corev1alpha1.BackupConfigurationPhaseReady))
		second = get[corev1alpha1.BackupConfiguration](ctx, w, "second")
		Expect(second.Status.Phase).To(Equal(corev1alpha1.BackupConfigurationPhaseInvalid))
		Expect(second.Status.Conditions).To(haveCondition(corev1alpha1.ConditionValidationPassed, metav1.ConditionFalse, "directory"))
		Expect(w.warnings("second")).NotTo(BeEmpty())
		Expect(w.sessions(ctx)).To(HaveLen(1), "the first's")
	})

	It("in the password fails the run with that reason, and loses nothing", func(ctx SpecContext) {
		w.ground(ctx)
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		setSecret(object.EncryptionSecret, metav1alpha1.SecretKeyResticPassword, "another")(ctx, w)
		w.apply(ctx, object.BackupSession(w.namespace, "second", object.Configuration))
		w.settle(ctx)
		failJob(ctx, w, engine.ClassPassword, "the password opens none of the keys")
		w.settle(ctx)
		Expect(get[corev1alpha1.BackupSession](ctx, w, "second").Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseFailed))
		Expect(w.warnings("second")).To(ContainElement(ContainSubstring("WrongPassword")))
		Expect(w.snapshots(ctx)).To(HaveLen(2))
		setSecret(object.EncryptionSecret, metav1alpha1.SecretKeyResticPassword, password)(ctx, w)
		w.Step(testStep)
		w.apply(ctx, object.BackupSession(w.namespace, "third", object.Configuration))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		Expect(get[corev1alpha1.BackupSession](ctx, w, "third").Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSucceeded))
	})

	It("that deletes the target skips its runs and keeps its backups", func(ctx SpecContext) {
		w.ground(ctx)
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		Expect(w.Client.Delete(ctx, get[appsv1.Deployment](ctx, w, object.App))).To(Succeed())
		w.apply(ctx, object.BackupSession(w.namespace, "second", object.Configuration))
		w.settle(ctx)
		run := get[corev1alpha1.BackupSession](ctx, w, "second")
		Expect(run.Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSkipped))
		Expect(run.Status.Conditions).To(haveCondition(corev1alpha1.ConditionBackupSkipped, metav1.ConditionTrue, object.App))
		bc := w.configuration(ctx)
		Expect(bc.Status.TargetFound).To(HaveValue(BeFalse()))
		Expect(bc.Status.Phase).To(Equal(corev1alpha1.BackupConfigurationPhaseNotReady))
		Expect(w.snapshots(ctx)).To(HaveLen(1))
	})
})

// badMessages are the messages of conditions that aren't true.
func badMessages(conditions []metav1alpha1.Condition) []string {
	var out []string
	for _, c := range conditions {
		if c.Status != metav1.ConditionTrue {
			out = append(out, c.Message)
		}
	}
	return out
}

func expectInvalid(ctx context.Context, w *world, text string) {
	GinkgoHelper()
	bc := w.configuration(ctx)
	Expect(bc.Status.Phase).To(Equal(corev1alpha1.BackupConfigurationPhaseInvalid))
	Expect(bc.Status.Conditions).To(haveCondition(corev1alpha1.ConditionValidationPassed, metav1.ConditionFalse, text))
	Expect(w.warnings(object.Configuration)).To(ContainElement(ContainSubstring(text)))
}

func setSecret(name, key, value string) func(context.Context, *world) {
	return func(ctx context.Context, w *world) {
		GinkgoHelper()
		secret := get[corev1.Secret](ctx, w, name)
		secret.Data[key] = []byte(value)
		Expect(w.Client.Update(ctx, secret)).To(Succeed())
	}
}

func edit(change func(*corev1alpha1.BackupConfiguration)) func(context.Context, *world) {
	return func(ctx context.Context, w *world) {
		GinkgoHelper()
		bc := w.configuration(ctx)
		change(bc)
		Expect(w.Client.Update(ctx, bc)).To(Succeed())
	}
}
