// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/usage"
)

// Denied tells why a namespace may not use an object with this policy, at the moment of its use; empty when it may. The
// labels of the namespace are read only for a policy that selects by them.
func Denied(ctx context.Context, live client.Reader, policy *metav1alpha1.UsagePolicy, objectNamespace, user string) (string, error) {
	var labels map[string]string
	if usage.NeedsLabels(policy) {
		var err error
		if labels, err = NamespaceLabels(ctx, live, user); err != nil {
			return "", err
		}
	}
	if allowed, reason := usage.Allowed(policy, objectNamespace, user, labels); !allowed {
		return reason, nil
	}
	return "", nil
}
