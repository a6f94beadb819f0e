// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
)

// testStep is how far apart the runs of one test are on the controllers' clock.
const testStep = time.Hour

// annotate puts annotations on the Deployment.
func annotate(ctx context.Context, w *world, annotations map[string]string) {
	GinkgoHelper()
	deployment := get[appsv1.Deployment](ctx, w, object.App)
	base := client.MergeFrom(deployment.DeepCopy())
	deployment.Annotations = annotations
	Expect(w.Client.Patch(ctx, deployment, base)).To(Succeed())
}

// theOnly returns the one element of a list.
func theOnly[T any](list []T) T {
	GinkgoHelper()
	Expect(list).To(HaveLen(1))
	return list[0]
}

// expectSucceeded looks at all that a good run of one component leaves behind.
func expectSucceeded(ctx context.Context, w *world, session, repository string) {
	GinkgoHelper()
	run := get[corev1alpha1.BackupSession](ctx, w, session)
	Expect(run.Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSucceeded), "%+v", run.Status)
	Expect(run.Status.Duration).NotTo(BeEmpty())
	Expect(run.Status.TotalSnapshots).To(HaveValue(BeEquivalentTo(1)))
	Expect(run.Status.Snapshots).To(HaveLen(1))
	Expect(run.Status.Snapshots[0].Phase).To(Equal(storagev1alpha1.SnapshotPhaseSucceeded))
	Expect(run.Status.RetentionPolicies).To(HaveLen(1))
	Expect(run.Status.RetentionPolicies[0].Phase).To(Equal(corev1alpha1.RetentionPolicyApplyPhaseApplied))

	snapshot := get[storagev1alpha1.Snapshot](ctx, w, run.Status.Snapshots[0].Name)
	Expect(snapshot.Status.Phase).To(Equal(storagev1alpha1.SnapshotPhaseSucceeded))
	Expect(snapshot.Status.Size).To(Equal("5.000 MiB"), "what restic keeps, as published")
	Expect(snapshot.Status.Integrity).To(HaveValue(BeTrue()))
	Expect(snapshot.Status.SnapshotTime).NotTo(BeNil())
	component := snapshot.Status.Components["dump"]
	Expect(component.Phase).To(Equal(storagev1alpha1.ComponentPhaseSucceeded))
	Expect(component.Path).To(Equal("repository/v1/" + object.Session + "/dump"))
	Expect(component.ResticStats).To(HaveLen(1))
	Expect(component.ResticStats[0].Summary.HostPath).To(Equal(object.MountPath))

	repo := get[storagev1alpha1.Repository](ctx, w, repository)
	Expect(repo.Status.Phase).To(Equal(storagev1alpha1.RepositoryPhaseReady))
	Expect(repo.Status.SnapshotCount).To(HaveValue(BeEquivalentTo(1)))
	Expect(repo.Status.Integrity).To(HaveValue(BeTrue()))
	Expect(repo.Status.LastBackupTime).NotTo(BeNil())
	Expect(repo.Status.Size).To(Equal("5.000 MiB"))
	Expect(repo.Status.RecentSnapshots).To(HaveLen(1))
	Expect(repo.Status.ComponentPaths).To(ConsistOf(component.Path))

	storage := get[storagev1alpha1.BackupStorage](ctx, w, object.Storage)
	Expect(storage.Status.Phase).To(Equal(storagev1alpha1.BackupStoragePhaseReady))
	Expect(storage.Status.TotalSize).To(Equal("5.000 MiB"))
	Expect(storage.Status.Repositories).To(HaveLen(1))
}

func keyOf(w *world, name string) client.ObjectKey {
	return client.ObjectKey{Namespace: w.namespace, Name: name}
}

func inNamespace(w *world) client.ListOption { return client.InNamespace(w.namespace) }

// stored is the content of an object in the bucket, and false when there is none.
func stored(key string) (string, bool) {
	GinkgoHelper()
	content, err := os.ReadFile(filepath.Join(store.Folder, bucket, filepath.FromSlash(key)))
	if errors.Is(err, fs.ErrNotExist) {
		return "", false
	}
	Expect(err).NotTo(HaveOccurred())
	return string(content), true
}

func makeBucket(name string) {
	GinkgoHelper()
	Expect(os.Mkdir(filepath.Join(store.Folder, name), 0o755)).To(Succeed())
}

// spellings are the ways in which a text could show a secret.
func spellings(secret string) []string {
	quoted, err := json.Marshal(secret)
	Expect(err).NotTo(HaveOccurred())
	return []string{
		secret, strings.Trim(string(quoted), `"`), url.QueryEscape(secret), url.PathEscape(secret),
		strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "="),
	}
}

// put writes an object into the bucket.
func put(key, content string) {
	GinkgoHelper()
	name := filepath.Join(store.Folder, bucket, filepath.FromSlash(key))
	Expect(os.MkdirAll(filepath.Dir(name), 0o755)).To(Succeed())
	Expect(os.WriteFile(name, []byte(content), 0o600)).To(Succeed())
}

// selectNobody is a policy that selects namespaces by a label that none has.
func selectNobody() *metav1alpha1.UsagePolicy {
	return &metav1alpha1.UsagePolicy{AllowedNamespaces: metav1alpha1.AllowedNamespaces{
		From: metav1alpha1.NamespacesFromSelector, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"nobody": "here"}},
	}}
}
