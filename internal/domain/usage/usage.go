// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package usage

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// Allowed reports whether requestingNamespace, which has namespaceLabels, may use an object of objectNamespace.
// A nil or empty policy means Same: the object's own namespace only. The reason is for a person, complete as a
// sentence's second half ("… is not allowed: <reason>"), and set for both answers.
// An object's own namespace gets no exception: with a selector it must match too, as published.
func Allowed(policy *metav1alpha1.UsagePolicy, objectNamespace, requestingNamespace string, namespaceLabels map[string]string) (allowed bool, reason string) {
	from := metav1alpha1.NamespacesFromSame
	var selector *metav1.LabelSelector
	if policy != nil {
		selector = policy.AllowedNamespaces.Selector
		if policy.AllowedNamespaces.From != "" {
			from = policy.AllowedNamespaces.From
		}
	}
	switch from {
	case metav1alpha1.NamespacesFromAll:
		return true, "its usage policy allows all namespaces"
	case metav1alpha1.NamespacesFromSame:
		if objectNamespace == requestingNamespace {
			return true, "it is in the same namespace"
		}
		return false, fmt.Sprintf("its usage policy allows only its own namespace %q, not %q", objectNamespace, requestingNamespace)
	case metav1alpha1.NamespacesFromSelector:
		return selected(selector, requestingNamespace, namespaceLabels)
	default:
		return false, fmt.Sprintf("its usage policy allows namespaces from %q, which is none of All, Same and Selector", from)
	}
}

// NeedsLabels reports whether Allowed looks at the labels of the namespace, so that a caller can spare reading it.
func NeedsLabels(policy *metav1alpha1.UsagePolicy) bool {
	return policy != nil && policy.AllowedNamespaces.From == metav1alpha1.NamespacesFromSelector
}

func selected(selector *metav1.LabelSelector, namespace string, namespaceLabels map[string]string) (allowed bool, reason string) {
	if selector == nil {
		return false, "its usage policy selects namespaces, but has no selector"
	}
	matcher, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return false, fmt.Sprintf("its usage policy has an invalid selector: %v", err)
	}
	if matcher.Matches(labels.Set(namespaceLabels)) {
		return true, fmt.Sprintf("its usage policy selects namespace %q", namespace)
	}
	return false, fmt.Sprintf("its usage policy selects namespaces with labels %q, and %q has none such", matcher.String(), namespace)
}
