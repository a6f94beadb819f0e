// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
)

// late is a client whose cache holds what it is given, until it is given nothing.
type late struct {
	client.Client
	holds *corev1alpha1.BackupSession
	gone  bool
}

func (l *late) Get(ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	switch {
	case l.gone:
		return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
	case l.holds != nil:
		l.holds.DeepCopyInto(obj.(*corev1alpha1.BackupSession))
		return nil
	default:
		return l.Client.Get(ctx, key, obj, opts...)
	}
}

func TestAPassWaitsForWhatTheOneBeforeHasWritten(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := corev1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	first := &corev1alpha1.BackupSession{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "s"}}
	l := &late{Client: fake.NewClientBuilder().WithScheme(scheme).WithObjects(first).WithStatusSubresource(first).Build()}
	passes := 0
	s := Skeleton[corev1alpha1.BackupSession, *corev1alpha1.BackupSession]{Client: l, Makes: true, Step: func(_ context.Context, obj *corev1alpha1.BackupSession) error {
		passes++
		obj.Status.Duration = "1s"
		return nil
	}}
	key := client.ObjectKeyFromObject(first)
	reconcile := func() ctrl.Result {
		t.Helper()
		result, err := s.Reconcile(t.Context(), ctrl.Request{NamespacedName: key})
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	old := &corev1alpha1.BackupSession{}
	if err := l.Client.Get(t.Context(), key, old); err != nil {
		t.Fatal(err)
	}
	reconcile()
	l.holds = old
	if result := reconcile(); passes != 1 || result.RequeueAfter != conflictInterval {
		t.Fatalf("over an outdated cache there were %d passes; %v", passes, result)
	}
	l.holds = nil
	if result := reconcile(); passes != 2 || result.RequeueAfter != 0 {
		t.Fatalf("once the cache has caught up there were %d passes; %v", passes, result)
	}

	// The status is what it was, so the second pass has written nothing: it waits for nobody.
	l.holds = old
	if reconcile(); passes != 3 {
		t.Errorf("what nobody has written is waited for: %d passes", passes)
	}

	// That pass has met a conflict, and one that writes comes next. A cache that never catches up isn't waited for for ever.
	l.holds = nil
	s.Step = func(_ context.Context, obj *corev1alpha1.BackupSession) error {
		passes++
		obj.Status.Duration += "!"
		return nil
	}
	reconcile()
	l.holds, passes = old, 0
	for range patience {
		reconcile()
	}
	if passes != 0 {
		t.Errorf("there were %d passes meanwhile", passes)
	}
	if reconcile(); passes != 1 {
		t.Error("it is waited for without end")
	}

	l.holds = nil
	reconcile()
	l.gone = true
	reconcile()
	if len(s.ahead.written) != 0 {
		t.Errorf("what is gone is remembered: %v", s.ahead.written)
	}
}
