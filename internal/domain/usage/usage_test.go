// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package usage

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

func TestAllowed(t *testing.T) {
	policy := func(from metav1alpha1.NamespacesFromPolicy, selector *metav1.LabelSelector) *metav1alpha1.UsagePolicy {
		return &metav1alpha1.UsagePolicy{AllowedNamespaces: metav1alpha1.AllowedNamespaces{From: from, Selector: selector}}
	}
	team := func(value string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{"team": value}}
	}
	expression := func(operator metav1.LabelSelectorOperator, values ...string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "team", Operator: operator, Values: values}}}
	}
	for sentence, row := range map[string]struct {
		policy *metav1alpha1.UsagePolicy
		from   string
		want   bool
		reason string
	}{
		"no policy allows the same namespace": {nil, "storage", true, "it is in the same namespace"},
		"no policy allows no other namespace": {nil, "demo", false,
			`its usage policy allows only its own namespace "storage", not "demo"`},
		"an empty policy allows the same namespace": {&metav1alpha1.UsagePolicy{}, "storage", true, "it is in the same namespace"},
		"an empty policy allows no other namespace": {&metav1alpha1.UsagePolicy{}, "demo", false,
			`its usage policy allows only its own namespace "storage", not "demo"`},
		"All allows any":       {policy("All", nil), "demo", true, "its usage policy allows all namespaces"},
		"Same allows the same": {policy("Same", nil), "storage", true, "it is in the same namespace"},
		"Same ignores the selector": {policy("Same", team("a")), "demo", false,
			`its usage policy allows only its own namespace "storage", not "demo"`},
		"a selector that matches": {policy("Selector", team("a")), "demo", true, `its usage policy selects namespace "demo"`},
		"a selector that doesn't match": {policy("Selector", team("b")), "demo", false,
			`its usage policy selects namespaces with labels "team=b", and "demo" has none such`},
		"an own namespace that doesn't match": {policy("Selector", team("b")), "storage", false,
			`its usage policy selects namespaces with labels "team=b", and "storage" has none such`},
		"an expression that matches": {policy("Selector", expression("In", "a", "b")), "demo", true, `its usage policy selects namespace "demo"`},
		"an expression that doesn't match": {policy("Selector", expression("DoesNotExist")), "demo", false,
			`its usage policy selects namespaces with labels "!team", and "demo" has none such`},
		"an empty selector matches everything": {policy("Selector", &metav1.LabelSelector{}), "demo", true, `its usage policy selects namespace "demo"`},
		"no selector matches nothing": {policy("Selector", nil), "demo", false,
			"its usage policy selects namespaces, but has no selector"},
		"an invalid selector matches nothing": {policy("Selector", expression("Near", "a")), "demo", false,
			`its usage policy has an invalid selector: "Near" is not a valid label selector operator`},
		"an unknown word allows nothing": {policy("None", nil), "storage", false,
			`its usage policy allows namespaces from "None", which is none of All, Same and Selector`},
	} {
		allowed, reason := Allowed(row.policy, "storage", row.from, map[string]string{"team": "a"})
		if allowed != row.want || reason != row.reason {
			t.Errorf("%s: got %t, %s; want %t, %s", sentence, allowed, reason, row.want, row.reason)
		}
		if without, _ := Allowed(row.policy, "storage", row.from, nil); without != allowed && !NeedsLabels(row.policy) {
			t.Errorf("%s: the labels mattered, but NeedsLabels says no", sentence)
		}
	}
	if !NeedsLabels(policy("Selector", nil)) || NeedsLabels(nil) || NeedsLabels(policy("All", nil)) {
		t.Error("only a selector needs labels")
	}
}
