// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/definition"
)

// definitionKind is read as plain data: the types would cost more memory than all else at a start.
var definitionKind = schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}

// checkDefinitions refuses to work with definitions that would drop what the operator writes, or let in what it can't read. Pods that run meanwhile
// need no operator, and the runs are looked at once it starts.
func checkDefinitions(ctx context.Context, reader client.Reader, mapper meta.RESTMapper, scheme *runtime.Scheme, version string) error {
	var problems []error
	for _, group := range []schema.GroupVersion{corev1alpha1.GroupVersion, storagev1alpha1.GroupVersion, addonsv1alpha1.GroupVersion} {
		known := scheme.KnownTypes(group)
		for _, kind := range slices.Sorted(maps.Keys(known)) {
			if known[kind+"List"] == nil {
				continue // a list, or an option of Kubernetes' own
			}
			if err := checkDefinition(ctx, reader, mapper, group.WithKind(kind), scheme); err != nil {
				problems = append(problems, err)
			}
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("operator %s needs other CustomResourceDefinitions than this cluster has: apply those of its version first, and it goes on "+
			"with all that it finds. %w", version, errors.Join(problems...))
	}
	return nil
}

func checkDefinition(ctx context.Context, reader client.Reader, mapper meta.RESTMapper, kind schema.GroupVersionKind, scheme *runtime.Scheme) error {
	mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if meta.IsNoMatchError(err) {
		return fmt.Errorf("there is none of kind %s in group %s", kind.Kind, kind.Group)
	}
	if err != nil {
		return fmt.Errorf("looking for kind %s: %w", kind.Kind, err)
	}
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(definitionKind)
	name := mapping.Resource.GroupResource().String()
	err = reader.Get(ctx, client.ObjectKey{Name: name}, o)
	if apierrors.IsForbidden(err) {
		return fmt.Errorf("reading %s: the operator's ClusterRole is older, too: %w", name, err)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	missing := definition.Missing(scheme.AllKnownTypes()[kind], served(o, kind.Version))
	if len(missing) == 0 {
		return nil
	}
	const told = 3
	said := strings.Join(missing[:min(len(missing), told)], ", ")
	if len(missing) > told {
		said = fmt.Sprintf("%s and %d more", said, len(missing)-told)
	}
	return fmt.Errorf("%s doesn't know %s", name, said)
}

// served is the schema of a version.
func served(definition *unstructured.Unstructured, version string) map[string]any {
	versions, _, _ := unstructured.NestedFieldNoCopy(definition.Object, "spec", "versions")
	list, _ := versions.([]any)
	for _, v := range list {
		if v, ok := v.(map[string]any); ok && v["name"] == version {
			s, _, _ := unstructured.NestedFieldNoCopy(v, "schema", "openAPIV3Schema")
			schema, _ := s.(map[string]any)
			return schema
		}
	}
	return nil
}
