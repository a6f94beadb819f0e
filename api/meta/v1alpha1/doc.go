// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 answers: which values do all of our API groups share?
//
// It holds references, conditions, usage policies, volumes and pod settings, and the names (labels, annotations, finalizers,
// containers, volumes, Secret keys) that users script against. Nothing in it is served: it has no kinds.
//
// +kubebuilder:object:generate=true
package v1alpha1
