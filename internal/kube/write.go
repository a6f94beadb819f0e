// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// FieldOwner is our name in managed fields.
const FieldOwner = "kubestash"

// ForeignError says that an object which we wanted to create exists and isn't ours.
type ForeignError struct {
	Kind, Namespace, Name string
}

func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s %s/%s exists and belongs to somebody else", e.Kind, e.Namespace, e.Name)
}

// IsRefused reports whether the API server, or an object that is in the way, will refuse this for as long as
// nobody changes something: trying again is useless, and a human should hear why.
func IsRefused(err error) bool {
	var foreign *ForeignError
	return errors.As(err, &foreign) || apierrors.IsInvalid(err) || apierrors.IsForbidden(err) || apierrors.IsBadRequest(err)
}

// Create creates obj, or adopts the one that exists when isOurs says so: obj then holds what exists.
// It reports whether it created. An object that isn't ours gives a *ForeignError.
// The look at an existing object goes through reader, which should not be a cache.
func Create[P client.Object](
	ctx context.Context, c client.Client, reader client.Reader, obj P, isOurs func(existing P) bool,
) (bool, error) {
	err := c.Create(ctx, obj, client.FieldOwner(FieldOwner))
	if err == nil {
		return true, nil
	}
	kind := kindOf(c, obj)
	if !apierrors.IsAlreadyExists(err) {
		return false, fmt.Errorf("creating %s %s/%s: %w", kind, obj.GetNamespace(), obj.GetName(), err)
	}
	if err := reader.Get(ctx, client.ObjectKeyFromObject(obj), obj); err != nil {
		return false, fmt.Errorf("reading %s %s/%s: %w", kind, obj.GetNamespace(), obj.GetName(), err)
	}
	if !isOurs(obj) {
		return false, &ForeignError{Kind: kind, Namespace: obj.GetNamespace(), Name: obj.GetName()}
	}
	return false, nil
}

// Apply applies obj by server-side apply under our name. Fields that obj doesn't set stay whoever's they
// are; fields that we set earlier and no longer set are removed. Force takes fields from other owners;
// without it a conflict is returned as an error for which apierrors.IsConflict is true.
func Apply(ctx context.Context, c client.Client, obj client.Object, force bool) error {
	u, err := toUnstructured(c, obj)
	if err != nil {
		return err
	}
	opts := []client.ApplyOption{client.FieldOwner(FieldOwner)}
	if force {
		opts = append(opts, client.ForceOwnership)
	}
	if err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), opts...); err != nil {
		return fmt.Errorf("applying %s %s/%s: %w", u.GetKind(), u.GetNamespace(), u.GetName(), err)
	}
	return nil
}

// toUnstructured drops what must not be in an apply: status and the server's metadata.
func toUnstructured(c client.Client, obj client.Object) (*unstructured.Unstructured, error) {
	gvk, err := apiutil.GVKForObject(obj, c.Scheme())
	if err != nil {
		return nil, fmt.Errorf("finding the kind of %T: %w", obj, err)
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return nil, fmt.Errorf("converting %s: %w", gvk.Kind, err)
	}
	u := &unstructured.Unstructured{Object: content}
	u.SetGroupVersionKind(gvk)
	unstructured.RemoveNestedField(u.Object, "status")
	for _, field := range []string{"creationTimestamp", "managedFields", "resourceVersion", "uid", "generation"} {
		unstructured.RemoveNestedField(u.Object, "metadata", field)
	}
	return u, nil
}

// Delete deletes obj with its dependents in the background. An object that is gone is not an error.
func Delete(ctx context.Context, c client.Client, obj client.Object) error {
	err := c.Delete(ctx, obj, client.PropagationPolicy("Background"))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting %s %s/%s: %w", kindOf(c, obj), obj.GetNamespace(), obj.GetName(), err)
	}
	return nil
}

// CreateOwned creates obj, or finds the one that was made for the same owner before.
func CreateOwned[P client.Object](ctx context.Context, c client.Client, live client.Reader, obj P, owner metav1.Object) error {
	_, err := Create(ctx, c, live, obj, func(existing P) bool { return metav1.IsControlledBy(existing, owner) })
	return err
}

// DropOwned deletes the object of that name in the owner's namespace, if the owner controls it: something of a
// user's may have the name.
func DropOwned[T any, P Object[T]](ctx context.Context, c client.Client, live client.Reader, owner client.Object, name string) error {
	obj, found, err := Get[T, P](ctx, live, owner.GetNamespace(), name)
	if err != nil || !found || !metav1.IsControlledBy(obj, owner) {
		return err
	}
	return Delete(ctx, c, obj)
}

func kindOf(c client.Client, obj client.Object) string {
	gvk, err := apiutil.GVKForObject(obj, c.Scheme())
	if err != nil {
		return fmt.Sprintf("%T", obj)
	}
	return gvk.Kind
}
