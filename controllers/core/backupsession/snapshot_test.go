// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/domain/snapshot"
)

func TestASnapshotIsCompletedOnceAlthoughTheCacheIsBehind(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := storagev1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	writes := 0
	c := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&storagev1alpha1.Snapshot{}).
		WithObjects(&storagev1alpha1.Snapshot{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "snapshot"}}).
		WithInterceptorFuncs(interceptor.Funcs{SubResourcePatch: func(
			ctx context.Context, c client.Client, of string, o client.Object, patch client.Patch, options ...client.SubResourcePatchOption,
		) error {
			writes++
			return c.SubResource(of).Patch(ctx, o, patch, options...)
		}}).Build()
	now := clocktesting.NewFakePassiveClock(time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC))
	r := New(Deps{Client: c, Live: c, Clock: now})
	g := &gathered{}
	g.facts.Session.Namespace = "demo"
	done := storagev1alpha1.SnapshotStatus{TotalComponents: 1, Components: map[string]storagev1alpha1.Component{
		"dump": snapshot.Component(snapshot.Outcome{Path: "repository/v1/daily/dump", Succeeded: true}),
	}}
	for range 2 {
		// The second pass decides by what the cache says, which is what the first one has seen.
		if err := r.recordSnapshot(t.Context(), g, session.RecordSnapshot{Name: "snapshot", Status: done}); err != nil {
			t.Fatal(err)
		}
		now.SetTime(now.Now().Add(time.Second))
	}
	if writes != 1 {
		t.Errorf("its status was written %d times", writes)
	}
	var got storagev1alpha1.Snapshot
	if err := c.Get(t.Context(), client.ObjectKey{Namespace: "demo", Name: "snapshot"}, &got); err != nil {
		t.Fatal(err)
	}
	if got.Status.Phase != storagev1alpha1.SnapshotPhaseSucceeded {
		t.Errorf("its phase is %q", got.Status.Phase)
	}
}

// silent is a storage that takes connections and answers nothing.
type silent struct{ backend.Backend }

func (silent) Secret(storagev1alpha1.Backend) (name string, required []string) { return "", nil }

func (silent) Objects(storagev1alpha1.Backend, map[string][]byte) (backend.Objects, error) {
	return silentObjects{}, nil
}

type silentObjects struct{ backend.Objects }

func (silentObjects) Put(ctx context.Context, _ string, _ []byte) error {
	<-ctx.Done()
	return ctx.Err()
}

func (silentObjects) Close() error { return nil }

func TestAStorageThatAnswersNothingDoesNotHoldUpTheEndOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		scheme := runtime.NewScheme()
		if err := storagev1alpha1.AddToScheme(scheme); err != nil {
			t.Fatal(err)
		}
		c := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&storagev1alpha1.Snapshot{}).
			WithObjects(&storagev1alpha1.Snapshot{
				ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "snapshot"}, Spec: storagev1alpha1.SnapshotSpec{Repository: "repo"},
			}).Build()
		r := New(Deps{Client: c, Live: c, Clock: clock.RealClock{}, Backends: func(string) (backend.Backend, error) { return silent{}, nil }})
		g := &gathered{places: map[string]place{"repo": {
			repository: &storagev1alpha1.Repository{}, storage: &storagev1alpha1.BackupStorage{},
		}}}
		g.facts.Session.Namespace = "demo"
		began := time.Now()
		failed := storagev1alpha1.SnapshotStatus{TotalComponents: 1, Components: map[string]storagev1alpha1.Component{
			"dump": snapshot.Component(snapshot.Outcome{Path: "repository/v1/daily/dump", Message: "too late"}),
		}}
		if err := r.recordSnapshot(t.Context(), g, session.RecordSnapshot{Name: "snapshot", Status: failed, Upload: true, GiveUp: began}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != uploadTimeout {
			t.Errorf("it took %s, want %s", took, uploadTimeout)
		}
		var got storagev1alpha1.Snapshot
		if err := c.Get(t.Context(), client.ObjectKey{Namespace: "demo", Name: "snapshot"}, &got); err != nil {
			t.Fatal(err)
		}
		if got.Status.Phase != storagev1alpha1.SnapshotPhaseFailed {
			t.Errorf("its phase is %q", got.Status.Phase)
		}
	})
}
