// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// UsagePolicy says who may refer to an object from another namespace. The owner of the object writes it.
// Empty, like absent, means that only the object's own namespace may.
type UsagePolicy struct {
	// AllowedNamespaces says which namespaces may use the object. Empty means its own namespace only.
	// +optional
	// +kubebuilder:default={from: Same}
	AllowedNamespaces AllowedNamespaces `json:"allowedNamespaces,omitzero"`
}

// AllowedNamespaces selects namespaces. The owner of the object writes it. Empty means the object's own namespace.
//
// +kubebuilder:validation:XValidation:rule="!has(self.from) || self.from != 'Selector' || has(self.selector)",message="from: Selector needs a selector that says which namespaces may use this object; set selector, or use from: Same or from: All",reason=FieldValueRequired,fieldPath=".selector"
type AllowedNamespaces struct {
	// From says how namespaces are selected. Empty means Same.
	// +optional
	// +kubebuilder:default=Same
	From NamespacesFromPolicy `json:"from,omitempty"`

	// Selector matches the labels of Namespace objects. It is needed, and read, only with `from: Selector`; then an empty selector
	// (`{}`) matches every namespace.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
}

// NamespacesFromPolicy is a way to select namespaces. Users write it. Empty means Same.
//
// +kubebuilder:validation:Enum=All;Selector;Same
type NamespacesFromPolicy string

const (
	// NamespacesFromAll lets every namespace use the object.
	NamespacesFromAll NamespacesFromPolicy = "All"
	// NamespacesFromSelector lets the namespaces use the object whose labels match the selector.
	NamespacesFromSelector NamespacesFromPolicy = "Selector"
	// NamespacesFromSame lets only the object's own namespace use it.
	NamespacesFromSame NamespacesFromPolicy = "Same"
)
