// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupblueprint

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/domain/blueprint"
	"kubestash.com/kubestash/internal/domain/usage"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/around"
	"kubestash.com/kubestash/internal/validate"
)

// gather reads the target, the blueprint that it names, and the BackupConfigurations that are there. The first
// result is the target for events; it is nil when the target is gone.
func (r *Reconciler) gather(ctx context.Context, req Request) (*metav1.PartialObjectMetadata, blueprint.Facts, error) {
	facts := blueprint.Facts{Target: blueprint.Target{Kind: req.Kind, Namespace: req.Namespace, Name: req.Name}}
	target, err := r.target(ctx, req, &facts)
	if err != nil {
		return nil, facts, err
	}
	if err := r.made(ctx, &facts); err != nil {
		return target, facts, err
	}
	reference, annotated := blueprint.Reference(facts.Target)
	if !facts.Exists || !annotated {
		return target, facts, nil
	}
	found, exists, err := kube.Get[corev1alpha1.BackupBlueprint](ctx, r.Client, reference.Namespace, reference.Name)
	if err != nil {
		return target, facts, err
	}
	if !exists || !found.DeletionTimestamp.IsZero() {
		return target, facts, nil
	}
	facts.Blueprint = found
	if err := r.allowed(ctx, &facts); err != nil {
		return target, facts, err
	}
	beside, err := around.Cached(r.Client, r.Live).BackupBlueprint(ctx, found)
	if err != nil {
		return target, facts, err
	}
	facts.Refused = validate.Messages(append(validate.BackupBlueprint(found), validate.BackupBlueprintAmong(found, beside)...))
	return target, facts, r.occupied(ctx, &facts)
}

func (r *Reconciler) target(ctx context.Context, req Request, facts *blueprint.Facts) (*metav1.PartialObjectMetadata, error) {
	kind, ok := kindNamed(req.Kind)
	if !ok {
		return nil, nil
	}
	facts.Target.Group = kind.Group
	target := metadata(kind)
	err := r.Targets.Get(ctx, types.NamespacedName{Namespace: req.Namespace, Name: req.Name}, target)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading %s %s/%s: %w", req.Kind, req.Namespace, req.Name, err)
	}
	target.SetGroupVersionKind(kind)
	facts.Exists = target.DeletionTimestamp.IsZero()
	facts.Target.UID, facts.Target.Annotations = target.UID, target.Annotations
	return target, nil
}

func (r *Reconciler) made(ctx context.Context, facts *blueprint.Facts) error {
	var list corev1alpha1.BackupConfigurationList
	if err := ByTarget.List(ctx, r.Client, &list, facts.Target.Key()); err != nil {
		return fmt.Errorf("listing the BackupConfigurations of %s: %w", facts.Target.Key(), err)
	}
	for i := range list.Items {
		facts.Made = append(facts.Made, made(&list.Items[i]))
	}
	return nil
}

func made(bc *corev1alpha1.BackupConfiguration) blueprint.Made {
	return blueprint.Made{
		NamespacedName:       client.ObjectKeyFromObject(bc),
		Blueprint:            bc.Annotations[blueprint.AnnotationBlueprint],
		Hash:                 bc.Annotations[blueprint.AnnotationHash],
		DeletedWithBlueprint: bc.Annotations[blueprint.AnnotationDeletionPolicy] == string(corev1alpha1.BlueprintDeletionPolicyOnDelete),
		Deleting:             !bc.DeletionTimestamp.IsZero(),
	}
}

func (r *Reconciler) allowed(ctx context.Context, facts *blueprint.Facts) error {
	policy := facts.Blueprint.Spec.UsagePolicy
	var labels map[string]string
	if usage.NeedsLabels(policy) {
		var err error
		if labels, err = kube.NamespaceLabels(ctx, r.Live, facts.Target.Namespace); err != nil {
			return err
		}
	}
	if allowed, reason := usage.Allowed(policy, facts.Blueprint.Namespace, facts.Target.Namespace, labels); !allowed {
		facts.Denied = reason
	}
	return nil
}

// occupied looks past the cache: what is under a name decides whether something of a user's would be overwritten.
func (r *Reconciler) occupied(ctx context.Context, facts *blueprint.Facts) error {
	facts.Occupied = map[types.NamespacedName]string{}
	for _, candidate := range blueprint.Candidates(facts.Target, facts.Blueprint) {
		bc, found, err := kube.Get[corev1alpha1.BackupConfiguration](ctx, r.Live, candidate.Namespace, candidate.Name)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		madeFor := ""
		if keys := TargetOf(bc); len(keys) > 0 {
			madeFor = keys[0]
		}
		facts.Occupied[candidate] = madeFor
		if madeFor == facts.Target.Key() {
			remember(facts, made(bc))
		}
	}
	return nil
}

// remember puts what was read past the cache in the place of what the cache knew.
func remember(facts *blueprint.Facts, m blueprint.Made) {
	for i := range facts.Made {
		if facts.Made[i].NamespacedName == m.NamespacedName {
			facts.Made[i] = m
			return
		}
	}
	facts.Made = append(facts.Made, m)
}

func kindNamed(name string) (schema.GroupVersionKind, bool) {
	for _, kind := range Kinds {
		if kind.Kind == name {
			return kind, true
		}
	}
	return schema.GroupVersionKind{}, false
}
