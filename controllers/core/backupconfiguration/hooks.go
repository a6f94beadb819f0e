// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupconfiguration

import (
	"context"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/validate"
)

// hooks reads the HookTemplates that exist.
func (r *worker) hooks(ctx context.Context, of *invoker.Invoker, around *validate.Surroundings) error {
	for _, session := range of.Sessions {
		for _, ref := range hookTemplates(session, of.Namespace) {
			template, found, err := kube.Get[corev1alpha1.HookTemplate](ctx, r.Client, ref.Namespace, ref.Name)
			if err != nil {
				return err
			}
			if found {
				around.Hooks[client.ObjectKeyFromObject(template)] = template
			}
		}
	}
	return nil
}

// hookTemplates are those that a session names.
func hookTemplates(session invoker.Session, namespace string) []metav1alpha1.ObjectReference {
	if session.Hooks == nil {
		return nil
	}
	var out []metav1alpha1.ObjectReference
	for _, info := range slices.Concat(session.Hooks.PreBackup, session.Hooks.PostBackup) {
		if info.HookTemplate != nil {
			out = append(out, configuration.Normalise(*info.HookTemplate, namespace))
		}
	}
	return out
}
