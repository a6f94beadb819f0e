// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restore

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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

// inGrace reports whether the restore may still wait for what may pass. Its minute begins when the operator first saw what
// is missing, and not at its creation: that is a time of the API server's clock.
func (d *decision) inGrace() bool {
	delayed := metav1alpha1.FindCondition(d.verdict.Status.Conditions, corev1alpha1.ConditionStartDelayed)
	return delayed == nil || delayed.Status != metav1.ConditionTrue || d.now.Before(delayed.LastTransitionTime.Add(startGrace))
}

// prepared notes that nothing is missing any more.
func (d *decision) prepared() {
	if metav1alpha1.IsConditionTrue(d.verdict.Status.Conditions, corev1alpha1.ConditionStartDelayed) {
		d.condition(corev1alpha1.ConditionStartDelayed, false, corev1alpha1.ReasonPreRequisitesSatisfied, "")
	}
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
