// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupconfiguration

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
)

// tell makes an event of each transition: of the whole, and of each session's first backup.
func (r *worker) tell(obj client.Object, before, after invoker.Status) {
	r.tellCondition(obj, corev1alpha1.ConditionReady, before.Conditions, after.Conditions, "")
	for _, session := range after.Sessions {
		var old []metav1alpha1.Condition
		for _, s := range before.Sessions {
			if s.Name == session.Name {
				old = s.Conditions
			}
		}
		r.tellCondition(obj, corev1alpha1.ConditionInitialBackupTriggered, old, session.Conditions, "Session "+session.Name+": ")
	}
}

func (r *worker) tellCondition(
	obj client.Object, conditionType string, before, after []metav1alpha1.Condition, prefix string,
) {
	was, is := metav1alpha1.FindCondition(before, conditionType), metav1alpha1.FindCondition(after, conditionType)
	if is == nil || was != nil && was.Status == is.Status && was.Reason == is.Reason && was.Message == is.Message {
		return
	}
	if is.Status == metav1.ConditionTrue {
		r.Recorder.Normal(obj, is.Reason, prefix+is.Message)
		return
	}
	r.Recorder.Warning(obj, is.Reason, prefix+is.Message)
}
