// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"encoding/json"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/tests/kit/object"
)

var _ = Describe("A secret value", func() {
	It("is in no object but Secrets, in no event and in no log", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.ground(ctx)
		w.apply(ctx, object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		w.apply(ctx, object.BackupSession(w.namespace, "failing", object.Configuration))
		w.settle(ctx)
		secret := get[corev1.Secret](ctx, w, "failing")
		Expect(fmt.Sprintf("%s", secret.Data)).To(And(ContainSubstring(secretKey), ContainSubstring(password)),
			"the session's Secret holds what the search below is for")
		failJob(ctx, w, engine.ClassDenied, "the backend refused the keys")
		w.settle(ctx)
		w.apply(ctx, object.RestoreSession(w.namespace, "failing-restore", "latest"))
		w.settle(ctx)
		failJob(ctx, w, engine.ClassDenied, "the backend refused the keys")
		w.settle(ctx)
		setSecret(object.StorageSecret, metav1alpha1.SecretKeyAWSSecretAccessKey, secretKey+"-wrong")(ctx, w)
		w.Restart()
		w.Step(testStep)
		w.settle(ctx)
		Expect(get[storagev1alpha1.BackupStorage](ctx, w, object.Storage).Status.Phase).
			To(Equal(storagev1alpha1.BackupStoragePhaseNotReady))

		found := map[string]string{"the log": w.logs.String()}
		for _, e := range w.Events() {
			found["an event"] += e.String() + "\n"
		}
		for _, list := range []client.ObjectList{
			&batchv1.JobList{}, &batchv1.CronJobList{}, &corev1.ConfigMapList{}, &corev1.PersistentVolumeClaimList{},
			&storagev1alpha1.BackupStorageList{}, &storagev1alpha1.RepositoryList{}, &storagev1alpha1.SnapshotList{},
			&corev1alpha1.BackupConfigurationList{}, &corev1alpha1.BackupSessionList{}, &corev1alpha1.RestoreSessionList{},
		} {
			Expect(w.Client.List(ctx, list, inNamespace(w))).To(Succeed())
			raw, err := json.Marshal(list)
			Expect(err).NotTo(HaveOccurred())
			found[fmt.Sprintf("a %T", list)] = string(raw)
		}
		Expect(found["an event"]).To(ContainSubstring("failing"), "there are events to search")
		Expect(found["the log"]).NotTo(BeEmpty())
		for where, text := range found {
			for _, spelling := range append(spellings(secretKey), spellings(password)...) {
				Expect(text).NotTo(ContainSubstring(spelling), where)
			}
		}
	})
})
