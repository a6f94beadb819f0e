// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/naming"
)

// Repository is what an invoker asks for with one of its repositories. References name their namespaces: the
// Repository may be read without its invoker. It has no owner, because its life
// ends by its own policy.
func Repository(
	of *invoker.Invoker, info corev1alpha1.RepositoryInfo,
	appRef metav1alpha1.TypedObjectReference, storage metav1alpha1.ObjectReference,
) *storagev1alpha1.Repository {
	repository := &storagev1alpha1.Repository{
		ObjectMeta: metav1.ObjectMeta{
			Name:      info.Name,
			Namespace: of.Namespace,
			Labels: map[string]string{
				metav1alpha1.LabelManagedBy:        metav1alpha1.ManagedByKubeStash,
				metav1alpha1.LabelInvokerKind:      of.Kind,
				metav1alpha1.LabelInvokerName:      naming.LabelValue(of.Name),
				metav1alpha1.LabelInvokerNamespace: of.Namespace,
			},
		},
		Spec: storagev1alpha1.RepositorySpec{
			AppRef:         appRef,
			StorageRef:     storage,
			Path:           info.Directory,
			DeletionPolicy: storagev1alpha1.DeletionPolicyDelete,
		},
	}
	if info.DeletionPolicy == corev1alpha1.RepositoryDeletionPolicyWipeOut {
		repository.Spec.DeletionPolicy = storagev1alpha1.DeletionPolicyWipeOut
	}
	repository.Spec.Maintenance = info.Maintenance.DeepCopy()
	if secret := info.EncryptionSecret; secret != nil {
		ref := *secret
		if ref.Namespace == "" {
			ref.Namespace = of.Namespace
		}
		repository.Spec.EncryptionSecret = &ref
	}
	return repository
}
