// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/component-helpers/auth/rbac/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubestash.com/kubestash/config/rbac"
)

// grants are rights in the whole cluster, and in the operator's own namespace.
type grants struct{ cluster, own []rbacv1.PolicyRule }

// byOLM is what OLM lets every operator do in its own namespace: to say whether it can be upgraded.
var byOLM = rbacv1.PolicyRule{APIGroups: []string{"operators.coreos.com"}, Resources: []string{"operatorconditions", "operatorconditions/status"},
	Verbs: []string{"get", "list", "update", "patch"}}

// readsAuthentication is a Role of Kubernetes' own, to read how callers are told from others. OLM binds it to every operator that has webhooks.
const readsAuthentication = "extension-apiserver-authentication-reader"

// written is what config/rbac binds to the operator's ServiceAccount.
func written() (grants, error) {
	var out grants
	roles, clusterRoles := map[string][]rbacv1.PolicyRule{}, map[string][]rbacv1.PolicyRule{}
	var bound []rbacv1.RoleRef
	entries, err := rbac.Files.ReadDir(".")
	if err != nil {
		return out, err
	}
	for _, entry := range entries {
		raw, err := rbac.Files.ReadFile(entry.Name())
		if err != nil {
			return out, err
		}
		decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096)
		for {
			var o struct {
				Kind     string
				Metadata struct{ Name string }
				Rules    []rbacv1.PolicyRule
				RoleRef  rbacv1.RoleRef
				Subjects []rbacv1.Subject
			}
			if err := decoder.Decode(&o); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return out, fmt.Errorf("reading config/rbac/%s: %w", entry.Name(), err)
			}
			switch o.Kind {
			case "Role":
				roles[o.Metadata.Name] = o.Rules
			case "ClusterRole":
				clusterRoles[o.Metadata.Name] = o.Rules
			case "RoleBinding", "ClusterRoleBinding":
				bound = append(bound, o.RoleRef)
			}
		}
	}
	for _, ref := range bound {
		if ref.Kind == "Role" {
			out.own = append(out.own, roles[ref.Name]...)
		} else {
			out.cluster = append(out.cluster, clusterRoles[ref.Name]...)
		}
	}
	if len(out.cluster) == 0 {
		return out, errors.New("config/rbac binds nothing")
	}
	out.own = append(out.own, byOLM)
	return out, nil
}

// widened are the rights beyond those of the whole cluster that are written down.
func widened(golden grants, got []rbacv1.PolicyRule) []rbacv1.PolicyRule {
	_, wider := validation.Covers(golden.cluster, got)
	return wider
}

// rights compares what is bound to the operator's ServiceAccount with what config/rbac says.
func rights(ctx context.Context, o *operator, say func(string, ...any)) error {
	golden, err := written()
	if err != nil {
		return err
	}
	got, err := o.granted(ctx)
	if err != nil {
		return err
	}
	if len(got.cluster) == 0 {
		return fmt.Errorf("nothing is bound to ServiceAccount %s/%s", o.namespace, o.account)
	}
	if wider := widened(golden, got.cluster); len(wider) > 0 {
		return fmt.Errorf("in the whole cluster the operator may do more than is written down: %+v", wider)
	}
	if _, wider := validation.Covers(slices.Concat(golden.cluster, golden.own), got.own); len(wider) > 0 {
		return fmt.Errorf("in its namespace the operator may do more than is written down: %+v", wider)
	}
	say("%d rules in the whole cluster and %d in namespace %s are bound to the operator, none wider than config/rbac", len(got.cluster), len(got.own), o.namespace)
	return nil
}

// granted is all that is bound to the operator's ServiceAccount.
func (o *operator) granted(ctx context.Context) (grants, error) {
	var (
		out             grants
		clusterBindings rbacv1.ClusterRoleBindingList
		bindings        rbacv1.RoleBindingList
	)
	for _, list := range []client.ObjectList{&clusterBindings, &bindings} {
		if err := o.List(ctx, list); err != nil {
			return out, fmt.Errorf("reading what is bound: %w", err)
		}
	}
	for _, b := range clusterBindings.Items {
		if o.isBound(b.Subjects, "") {
			rules, err := o.rules(ctx, b.RoleRef, "")
			if err != nil {
				return out, err
			}
			out.cluster = append(out.cluster, rules...)
		}
	}
	for _, b := range bindings.Items {
		if !o.isBound(b.Subjects, b.Namespace) {
			continue
		}
		if b.Namespace == metav1.NamespaceSystem && b.RoleRef.Name == readsAuthentication {
			continue
		}
		if b.Namespace != o.namespace {
			return out, fmt.Errorf("RoleBinding %s gives the operator rights in namespace %s, which is not its own", b.Name, b.Namespace)
		}
		rules, err := o.rules(ctx, b.RoleRef, b.Namespace)
		if err != nil {
			return out, err
		}
		out.own = append(out.own, rules...)
	}
	return out, nil
}

func (o *operator) isBound(subjects []rbacv1.Subject, namespace string) bool {
	for _, s := range subjects {
		at := s.Namespace
		if at == "" {
			at = namespace
		}
		if s.Kind == rbacv1.ServiceAccountKind && s.Name == o.account && at == o.namespace {
			return true
		}
	}
	return false
}

func (o *operator) rules(ctx context.Context, ref rbacv1.RoleRef, namespace string) ([]rbacv1.PolicyRule, error) {
	if ref.Kind == "Role" {
		role := &rbacv1.Role{}
		err := o.Get(ctx, client.ObjectKey{Namespace: namespace, Name: ref.Name}, role)
		return role.Rules, err
	}
	role := &rbacv1.ClusterRole{}
	err := o.Get(ctx, client.ObjectKey{Name: ref.Name}, role)
	return role.Rules, err
}
