// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/kube/store/storetest"
)

// behind is a cache that still holds a Repository as it was.
type behind struct {
	client.Client
	repository *storagev1alpha1.Repository
}

func (b behind) Get(ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	if r, ok := obj.(*storagev1alpha1.Repository); ok && key == client.ObjectKeyFromObject(b.repository) {
		b.repository.DeepCopyInto(r)
		return nil
	}
	return b.Client.Get(ctx, key, obj, opts...)
}

func TestAPassBehindTheDeletionTellsNothingTwice(t *testing.T) {
	for sentence, others := range map[string][]string{
		"the Repository is gone": nil,
		// Its name stays, and with it what a patch would meet.
		"somebody else's finalizer keeps the Repository": {"example.com/theirs"},
	} {
		t.Run(sentence, func(t *testing.T) {
			dead := repo(func(r *storagev1alpha1.Repository) {
				r.Spec.DeletionPolicy = storagev1alpha1.DeletionPolicyWipeOut
				r.DeletionTimestamp = ptr.To(metav1.NewTime(noon))
				r.Finalizers = append([]string{metav1alpha1.FinalizerCleanup}, others...)
			})
			b := &storetest.Backend{}
			b.Set("dir/repository.yaml", "x")
			h := newHouse(t, b, dead, storage())
			old := h.repository()
			h.pass()
			h.expectEvents("Normal BackupDataWipedOut")

			h.r.Client = behind{Client: h.client, repository: old}
			h.r.skeleton.Client = h.r.Client
			// Whether it fails, and so is tried again, is its own affair.
			_, _ = h.r.Reconcile(context.Background(), ctrl.Request{NamespacedName: key})
			h.expectEvents()
		})
	}
}
