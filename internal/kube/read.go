// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Get reads one object. Not being there is a fact, not an error.
func Get[T any, P Object[T]](ctx context.Context, r client.Reader, namespace, name string) (P, bool, error) {
	obj := P(new(T))
	err := r.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, obj)
	switch {
	case apierrors.IsNotFound(err):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("reading %T %s/%s: %w", obj, namespace, name, err)
	default:
		return obj, true, nil
	}
}

// SecretData reads a Secret by name, past every cache: the operator has no right to list or watch Secrets.
func SecretData(ctx context.Context, live client.Reader, namespace, name string) (map[string][]byte, bool, error) {
	secret, found, err := Get[corev1.Secret](ctx, live, namespace, name)
	if err != nil || !found {
		return nil, found, err
	}
	return secret.Data, true, nil
}

// NamespaceDeletion is when a namespace was deleted, and zero while it is to stay. One that is gone was deleted long ago.
func NamespaceDeletion(ctx context.Context, r client.Reader, name string) (time.Time, error) {
	ns, found, err := Get[corev1.Namespace](ctx, r, "", name)
	switch {
	case err != nil:
		return time.Time{}, err
	case !found:
		return time.Unix(1, 0), nil
	case ns.DeletionTimestamp.IsZero():
		return time.Time{}, nil
	default:
		return ns.DeletionTimestamp.Time, nil
	}
}

// NamespaceLabels reads the labels by which usage policies select a namespace. A namespace that is gone
// has none.
func NamespaceLabels(ctx context.Context, r client.Reader, name string) (map[string]string, error) {
	ns, found, err := Get[corev1.Namespace](ctx, r, "", name)
	if err != nil || !found {
		return nil, err
	}
	return ns.Labels, nil
}
