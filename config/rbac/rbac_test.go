// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package rbac

import (
	"os"
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"kubestash.com/kubestash/config/crd"
)

// Who may see or edit a namespace may see and edit what KubeStash keeps there: every kind, a new one too.
func TestUsersMayUseEveryKind(t *testing.T) {
	seen := []string{"get", "list", "watch"}
	written := append([]string{"create", "delete", "patch", "update"}, seen...)
	// What the operator creates, users don't.
	byOperator := []string{"Repository", "Snapshot"}
	entries, err := crd.Bases.ReadDir("bases")
	if err != nil || len(entries) == 0 {
		t.Fatal(entries, err)
	}
	edit, view := role(t, "user_edit_role.yaml"), role(t, "user_view_role.yaml")
	for _, entry := range entries {
		content, err := crd.Bases.ReadFile("bases/" + entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		kind := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(content, kind); err != nil {
			t.Fatal(err)
		}
		want := written
		switch {
		case kind.Spec.Scope == apiextensionsv1.ClusterScoped:
			want = seen
		case slices.Contains(byOperator, kind.Spec.Names.Kind):
			want = slices.DeleteFunc(slices.Clone(written), func(verb string) bool { return verb == "create" })
		}
		check(t, edit, kind, want)
		check(t, view, kind, seen)
		for _, verb := range written[:4] {
			if slices.Contains(verbs(view, kind), verb) {
				t.Errorf("who may only look may %s a %s", verb, kind.Spec.Names.Kind)
			}
		}
	}
}

func check(t *testing.T, r *rbacv1.ClusterRole, kind *apiextensionsv1.CustomResourceDefinition, want []string) {
	t.Helper()
	has := verbs(r, kind)
	for _, verb := range want {
		if !slices.Contains(has, verb) {
			t.Errorf("%s doesn't let anybody %s a %s", r.Name, verb, kind.Spec.Names.Kind)
		}
	}
}

func verbs(r *rbacv1.ClusterRole, kind *apiextensionsv1.CustomResourceDefinition) []string {
	var out []string
	for _, rule := range r.Rules {
		if slices.Contains(rule.APIGroups, kind.Spec.Group) && slices.Contains(rule.Resources, kind.Spec.Names.Plural) {
			out = append(out, rule.Verbs...)
		}
	}
	return out
}

func role(t *testing.T, file string) *rbacv1.ClusterRole {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r := &rbacv1.ClusterRole{}
	if err := yaml.UnmarshalStrict(content, r); err != nil {
		t.Fatal(err)
	}
	return r
}
