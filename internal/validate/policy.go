// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// usagePolicy checks a policy; nil means Same and is fine.
func usagePolicy(at *field.Path, policy *metav1alpha1.UsagePolicy) field.ErrorList {
	if policy == nil {
		return nil
	}
	from := at.Child("allowedNamespaces", "from")
	selector := at.Child("allowedNamespaces", "selector")
	switch allowed := policy.AllowedNamespaces; allowed.From {
	case "", metav1alpha1.NamespacesFromSame, metav1alpha1.NamespacesFromAll:
		return nil
	case metav1alpha1.NamespacesFromSelector:
		if allowed.Selector == nil {
			return field.ErrorList{field.Required(selector, "from: Selector needs a selector of namespaces")}
		}
		if _, err := metav1.LabelSelectorAsSelector(allowed.Selector); err != nil {
			return field.ErrorList{field.Invalid(selector, allowed.Selector, err.Error())}
		}
		return nil
	default:
		return field.ErrorList{field.NotSupported(from, allowed.From, []metav1alpha1.NamespacesFromPolicy{
			metav1alpha1.NamespacesFromAll, metav1alpha1.NamespacesFromSelector, metav1alpha1.NamespacesFromSame,
		})}
	}
}

// Messages puts a list into words for a condition, one for each mistake.
func Messages(list field.ErrorList) []string {
	out := make([]string, 0, len(list))
	for _, e := range list {
		out = append(out, e.Error())
	}
	return out
}
