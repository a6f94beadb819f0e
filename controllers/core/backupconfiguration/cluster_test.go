// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupconfiguration

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/tests/kit/object"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

type events struct{ list []string }

func (e *events) Normal(_ runtime.Object, reason, message string) {
	e.list = append(e.list, "Normal "+reason+" "+message)
}

func (e *events) Warning(_ runtime.Object, reason, message string) {
	e.list = append(e.list, "Warning "+reason+" "+message)
}

func (e *events) take() string {
	all := strings.Join(e.list, "\n")
	e.list = nil
	return all
}

// cluster is an API server with a reconciler that is driven by hand.
type cluster struct {
	client.WithWatch
	t      *testing.T
	events *events
	r      *Reconciler[corev1alpha1.BackupConfiguration, *corev1alpha1.BackupConfiguration]
	writes []string
}

func newCluster(t *testing.T, objects ...client.Object) *cluster {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, corev1alpha1.AddToScheme, storagev1alpha1.AddToScheme, addonsv1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	b := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithReturnManagedFields().
		WithStatusSubresource(&corev1alpha1.BackupConfiguration{}, &storagev1alpha1.BackupStorage{}, &storagev1alpha1.Repository{})
	if err := addIndexes(t.Context(), indexer{b}); err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, events: &events{}}
	c.WithWatch = interceptor.NewClient(b.Build(), interceptor.Funcs{
		Create: func(ctx context.Context, inner client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			c.writes = append(c.writes, fmt.Sprintf("create %T %s", obj, obj.GetName()))
			return inner.Create(ctx, obj, opts...)
		},
		Apply: func(ctx context.Context, inner client.WithWatch, obj runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
			c.writes = append(c.writes, "apply")
			return inner.Apply(ctx, obj, opts...)
		},
		SubResourcePatch: func(ctx context.Context, inner client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			c.writes = append(c.writes, "status")
			return inner.SubResource(sub).Patch(ctx, obj, patch, opts...)
		},
	})
	c.r = New(Deps{Client: c, Live: c, Recorder: c.events, Clock: clocktesting.NewFakePassiveClock(now)})
	return c
}

// indexer lets the same code add indexes to a cache and to the fake.
type indexer struct{ *fake.ClientBuilder }

func (i indexer) IndexField(_ context.Context, obj client.Object, field string, f client.IndexerFunc) error {
	i.WithIndex(obj, field, f)
	return nil
}

func (c *cluster) pass() ctrl.Result {
	c.t.Helper()
	result, err := c.r.Reconcile(c.t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Namespace: "demo", Name: "app"}})
	if err != nil {
		c.t.Fatalf("reconciling: %v", err)
	}
	return result
}

func get[T any, P kube.Object[T]](c *cluster, name string) P {
	c.t.Helper()
	obj, found, err := kube.Get[T, P](c.t.Context(), c, "demo", name)
	if err != nil {
		c.t.Fatal(err)
	}
	if !found {
		return nil
	}
	return obj
}

func (c *cluster) configuration() *corev1alpha1.BackupConfiguration {
	return get[corev1alpha1.BackupConfiguration](c, "app")
}

func (c *cluster) sessions() []corev1alpha1.BackupSession {
	c.t.Helper()
	var list corev1alpha1.BackupSessionList
	if err := c.List(c.t.Context(), &list); err != nil {
		c.t.Fatal(err)
	}
	return list.Items
}

func edit[T client.Object](c *cluster, obj T, change func(T)) {
	c.t.Helper()
	if err := c.Get(c.t.Context(), client.ObjectKeyFromObject(obj), obj); err != nil {
		c.t.Fatal(err)
	}
	change(obj)
	if err := c.Update(c.t.Context(), obj, client.FieldOwner("kubectl-edit")); err != nil {
		c.t.Fatal(err)
	}
}

func bc() *corev1alpha1.BackupConfiguration {
	return &corev1alpha1.BackupConfiguration{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "app", UID: "uid", CreationTimestamp: metav1.NewTime(now.Add(-time.Minute))},
		Spec: corev1alpha1.BackupConfigurationSpec{
			Target: &metav1alpha1.TypedObjectReference{Kind: "Deployment", Name: "app"},
			Backends: []corev1alpha1.BackendReference{{
				Name: "s3", StorageRef: &metav1alpha1.ObjectReference{Name: "s3"}, RetentionPolicy: &metav1alpha1.ObjectReference{Name: "keep"},
			}},
			Sessions: []corev1alpha1.Session{{
				SessionConfig: corev1alpha1.SessionConfig{Name: "daily", Scheduler: &corev1alpha1.SchedulerSpec{Schedule: "H 3 * * *"}},
				Addon:         &corev1alpha1.AddonInfo{Name: "workload-addon", Tasks: []corev1alpha1.TaskReference{{Name: "LogicalBackup"}}},
				Repositories: []corev1alpha1.RepositoryInfo{{
					Name: "repo", Backend: "s3", Directory: "/dep", EncryptionSecret: &metav1alpha1.ObjectReference{Name: "encrypt"},
					DeletionPolicy: corev1alpha1.RepositoryDeletionPolicyRetain,
				}},
			}},
		},
	}
}

func storage() *storagev1alpha1.BackupStorage {
	return &storagev1alpha1.BackupStorage{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "s3"},
		Status:     storagev1alpha1.BackupStorageStatus{Phase: storagev1alpha1.BackupStoragePhaseReady},
	}
}

func addonObjects() []client.Object {
	return []client.Object{
		&addonsv1alpha1.Addon{ObjectMeta: metav1.ObjectMeta{Name: "workload-addon"}, Spec: addonsv1alpha1.AddonSpec{
			BackupTasks: []addonsv1alpha1.Task{{Name: "logical-backup", Function: "workload-backup"}},
		}},
		&addonsv1alpha1.Function{ObjectMeta: metav1.ObjectMeta{Name: "workload-backup"}},
	}
}

func everything(more ...client.Object) []client.Object {
	objects := append(addonObjects(), storage(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "demo"}},
		&storagev1alpha1.RetentionPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "keep"}, Spec: storagev1alpha1.RetentionPolicySpec{MaxRetentionPeriod: "30d"}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "encrypt"}, Data: map[string][]byte{"RESTIC_PASSWORD": []byte("canary-7f3a")}},
		object.Deployment("demo", "app", "data"),
	)
	return append(objects, more...)
}
