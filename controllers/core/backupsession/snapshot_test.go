// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
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
	clock := clocktesting.NewFakePassiveClock(time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC))
	r := New(Deps{Client: c, Live: c, Clock: clock})
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
		clock.SetTime(clock.Now().Add(time.Second))
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
