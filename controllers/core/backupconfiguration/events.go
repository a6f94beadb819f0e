// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupconfiguration

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// tell makes an event of each transition: of the whole, and of each session's first backup.
func (r *Reconciler) tell(bc *corev1alpha1.BackupConfiguration, before *corev1alpha1.BackupConfigurationStatus) {
	r.tellCondition(bc, corev1alpha1.ConditionReady, before.Conditions, bc.Status.Conditions, "")
	for _, session := range bc.Status.Sessions {
		var old []metav1alpha1.Condition
		for _, s := range before.Sessions {
			if s.Name == session.Name {
				old = s.Conditions
			}
		}
		r.tellCondition(bc, corev1alpha1.ConditionInitialBackupTriggered, old, session.Conditions, "Session "+session.Name+": ")
	}
}

func (r *Reconciler) tellCondition(
	bc *corev1alpha1.BackupConfiguration, conditionType string, before, after []metav1alpha1.Condition, prefix string,
) {
	was, is := metav1alpha1.FindCondition(before, conditionType), metav1alpha1.FindCondition(after, conditionType)
	if is == nil || was != nil && was.Status == is.Status && was.Reason == is.Reason && was.Message == is.Message {
		return
	}
	if is.Status == metav1.ConditionTrue {
		r.Recorder.Normal(bc, is.Reason, prefix+is.Message)
		return
	}
	r.Recorder.Warning(bc, is.Reason, prefix+is.Message)
}
