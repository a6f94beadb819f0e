// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restore

import (
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// wait holds the restore back while somebody else reads or writes the target. It has no limit of its own: what it waits
// for has, and restoreTimeout is for the restore itself.
func (d *decision) wait(message string) {
	before := metav1alpha1.FindCondition(d.verdict.Status.Conditions, corev1alpha1.ConditionRestoreWaiting)
	if before == nil || before.Message != message {
		d.event(false, corev1alpha1.ConditionRestoreWaiting, message)
	}
	d.condition(corev1alpha1.ConditionRestoreWaiting, true, corev1alpha1.ReasonTargetInUse, message)
	d.verdict.WakeUp = progressInterval
}

// begun ends the waiting, and tells what somebody may wonder about later.
func (d *decision) begun() {
	if metav1alpha1.IsConditionTrue(d.verdict.Status.Conditions, corev1alpha1.ConditionRestoreWaiting) {
		d.condition(corev1alpha1.ConditionRestoreWaiting, false, corev1alpha1.ReasonTargetFree, "")
	}
	for _, note := range d.facts.Notes {
		d.event(false, EventNote, note)
	}
}
