// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build olm

package olm

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"kubestash.com/kubestash/tests/kit/stage"
)

var update = flag.Bool("update", false, "write down the rights that the operator has")

// rights asks the API server what the operator may do, in its own namespace and in any other, as OLM has bound it.
func (s *shop) rights(ctx context.Context, t *testing.T) {
	config := rest.CopyConfig(host.Config)
	config.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + stage.OperatorNamespace + ":kubestash-operator",
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + stage.OperatorNamespace, "system:authenticated"},
	}
	operator, err := kubernetes.NewForConfig(config)
	stage.Must(t, err)
	var got strings.Builder
	for _, at := range []struct{ said, namespace string }{{"its own namespace", stage.OperatorNamespace}, {"any other", s.Namespace}} {
		review, err := operator.AuthorizationV1().SelfSubjectRulesReviews().Create(ctx, &authorizationv1.SelfSubjectRulesReview{
			Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: at.namespace},
		}, metav1.CreateOptions{})
		stage.Must(t, err)
		fmt.Fprintf(&got, "In %s:\n%s\n", at.said, table(review.Status.ResourceRules))
	}
	if *update {
		stage.Must(t, os.MkdirAll("testdata", 0o755))
		stage.Must(t, os.WriteFile(s.golden, []byte(got.String()), 0o644))
	}
	want, err := os.ReadFile(s.golden)
	stage.Must(t, err)
	if got.String() != string(want) {
		t.Errorf("the operator may do\n%s\nand written down in %s is\n%s", got.String(), s.golden, want)
	}
}

// table is a line per resource, sorted.
func table(rules []authorizationv1.ResourceRule) string {
	var lines []string
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				name := resource
				if group != "" {
					name += "." + group
				}
				if len(rule.ResourceNames) > 0 {
					name += " " + strings.Join(slices.Sorted(slices.Values(rule.ResourceNames)), ",")
				}
				lines = append(lines, fmt.Sprintf("  %s: %s\n", name, strings.Join(slices.Sorted(slices.Values(rule.Verbs)), " ")))
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "")
}
