// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/kube"
)

// checkUse asks an object's usage policy once more before a run starts: it may have been narrowed since the
// BackupConfiguration was accepted. A run that has started is let go on.
func (r *Reconciler) checkUse(
	ctx context.Context, g *gathered, u *session.Unit, kind string, object client.Object, policy *metav1alpha1.UsagePolicy,
) error {
	if started(&g.facts.Session) {
		return nil
	}
	denied, err := kube.Denied(ctx, r.Live, policy, object.GetNamespace(), g.facts.Session.Namespace)
	if err != nil {
		return err
	}
	if denied != "" {
		problem(u, false, "%s %s/%s is not allowed here: %s. Change its spec.usagePolicy, or name another one.",
			kind, object.GetNamespace(), object.GetName(), denied)
	}
	return nil
}
