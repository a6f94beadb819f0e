// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restore

import (
	"strings"
	"testing"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

func TestAccess(t *testing.T) {
	in := func(namespace string) *metav1alpha1.ObjectReference {
		return &metav1alpha1.ObjectReference{Namespace: namespace, Name: "encryption"}
	}
	for sentence, c := range map[string]struct {
		access Access
		want   string // part of the refusal; empty when it is allowed
	}{
		"at home without naming a Secret: the Repository's":            {Access{Namespace: "b", Source: "b", Own: in("platform")}, ""},
		"at home with a Secret of its own namespace":                   {Access{Namespace: "b", Source: "b", Named: in("b"), Own: in("platform")}, ""},
		"at home with the very Secret that the Repository names":       {Access{Namespace: "b", Source: "b", Named: in("platform"), Own: in("platform")}, ""},
		"at home with some other namespace's Secret":                   {Access{Namespace: "b", Source: "b", Named: in("a"), Own: in("b")}, "not the one that the Repository names"},
		"at home with another namespace's Secret, and no Secret":       {Access{Namespace: "b", Source: "b", Named: in("a")}, "not the one that the Repository names"},
		"from elsewhere with a Secret of its own namespace":            {Access{Namespace: "b", Source: "a", Named: in("b"), Own: in("a")}, ""},
		"from elsewhere without naming a Secret":                       {Access{Namespace: "b", Source: "a", Own: in("a")}, "belongs to namespace a: name an encryption Secret of namespace b"},
		"from elsewhere with the Secret of the Repository":             {Access{Namespace: "b", Source: "a", Named: in("a"), Own: in("a")}, "must be in namespace b, not in a"},
		"from elsewhere though the Repository names a Secret here":     {Access{Namespace: "b", Source: "a", Own: in("b")}, "belongs to namespace a"},
		"a directory that another namespace has a Repository in":       {Access{Namespace: "b", Source: "b", Sharer: "a", Own: in("a")}, "belongs to namespace a"},
		"such a directory, with a password put into the own namespace": {Access{Namespace: "b", Source: "b", Sharer: "a", Named: in("b"), Own: in("a")}, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := c.access.Refused()
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
