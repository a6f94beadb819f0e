// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupconfiguration

import (
	"slices"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/domain/invoker"
)

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
