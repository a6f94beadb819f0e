// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupblueprint

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/domain/blueprint"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/kube"
)

func (r *Reconciler) act(
	ctx context.Context, target *metav1.PartialObjectMetadata, facts blueprint.Facts, verdict blueprint.Verdict,
) error {
	if verdict.Apply != nil {
		if err := r.apply(ctx, target, verdict.Apply); err != nil {
			return err
		}
	}
	for _, name := range verdict.Delete {
		removed, err := r.remove(ctx, name, facts.Target)
		if err != nil {
			return err
		}
		if removed {
			r.tellDeleted(target, name)
		}
	}
	return nil
}

// apply takes the fields that the blueprint sets from whoever has changed them: it was the annotation or the
// blueprint that changed now. Fields that the blueprint doesn't set stay whoever's they are.
func (r *Reconciler) apply(ctx context.Context, target *metav1.PartialObjectMetadata, wanted *blueprint.Configuration) error {
	before, err := r.spec(ctx, wanted.NamespacedName)
	if err != nil {
		return err
	}
	obj := &unstructured.Unstructured{Object: map[string]any{"spec": wanted.Spec}}
	obj.SetGroupVersionKind(corev1alpha1.GroupVersion.WithKind(corev1alpha1.KindBackupConfiguration))
	obj.SetNamespace(wanted.Namespace)
	obj.SetName(wanted.Name)
	obj.SetLabels(wanted.Labels)
	obj.SetAnnotations(wanted.Annotations)
	err = kube.Apply(ctx, r.Client, obj, true)
	if isRefusal(err) {
		// The values make no valid BackupConfiguration; trying again would not change that.
		r.tellProblem(target, requestOf(target), &blueprint.Problem{
			Reason:  blueprint.EventConfigurationRefused,
			Message: fmt.Sprintf("BackupConfiguration %s is refused: %v.", wanted.NamespacedName, cause(err)),
		})
		return kube.Stall(blueprint.EventConfigurationRefused, err)
	}
	if err != nil {
		return err
	}
	if !wanted.Exists {
		r.tellCreated(target, wanted.NamespacedName)
		return nil
	}
	after, err := r.spec(ctx, wanted.NamespacedName)
	if err != nil {
		return err
	}
	r.tellUpdated(target, wanted.NamespacedName, blueprint.Changes(before, after))
	return nil
}

// isRefusal tells what a human must mend from what may go well next time.
func isRefusal(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsForbidden(err) || apierrors.IsBadRequest(err) || apierrors.IsNotFound(err)
}

// cause is what the API server said, without how we came to ask.
func cause(err error) error {
	for {
		unwrapper, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = unwrapper.Unwrap()
	}
}

// spec reads a BackupConfiguration's spec as decoded JSON; empty when there is none.
func (r *Reconciler) spec(ctx context.Context, name types.NamespacedName) (map[string]any, error) {
	bc, found, err := kube.Get[corev1alpha1.BackupConfiguration](ctx, r.Live, name.Namespace, name.Name)
	if err != nil || !found {
		return nil, err
	}
	raw, err := json.Marshal(bc.Spec)
	if err != nil {
		return nil, fmt.Errorf("encoding the spec of %s: %w", name, err)
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, fmt.Errorf("decoding the spec of %s: %w", name, err)
	}
	return tree, nil
}

// remove deletes a BackupConfiguration and keeps its Repositories. It is marked first, with its resource version,
// so that the deletion can't come before the mark, and can't hit another object of the name.
func (r *Reconciler) remove(ctx context.Context, name types.NamespacedName, target blueprint.Target) (bool, error) {
	bc, found, err := kube.Get[corev1alpha1.BackupConfiguration](ctx, r.Live, name.Namespace, name.Name)
	if err != nil || !found || !bc.DeletionTimestamp.IsZero() {
		return false, err
	}
	if keys := TargetOf(bc); len(keys) == 0 || keys[0] != target.Key() {
		return false, nil
	}
	marked := bc.DeepCopy()
	marked.Annotations[configuration.AnnotationKeepRepositories] = "true"
	patch := client.MergeFromWithOptions(bc, client.MergeFromWithOptimisticLock{})
	switch err := r.Client.Patch(ctx, marked, patch, client.FieldOwner(kube.FieldOwner)); {
	case apierrors.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("marking BackupConfiguration %s for deletion: %w", name, err)
	}
	err = r.Client.Delete(ctx, marked, client.PropagationPolicy(metav1.DeletePropagationBackground),
		client.Preconditions{UID: &marked.UID})
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("deleting BackupConfiguration %s: %w", name, err)
	}
	return err == nil, nil
}

func requestOf(target *metav1.PartialObjectMetadata) Request {
	return Request{Kind: target.Kind, Namespace: target.Namespace, Name: target.Name}
}
