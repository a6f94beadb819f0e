// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

const (
	// startGrace is how long a run waits for what may pass before it fails.
	startGrace = time.Minute
	// startRetry is how soon it looks again meanwhile.
	startRetry = 3 * time.Second
)

// inGrace reports whether a run may still wait for what may pass. Its minute begins when the operator first saw what is
// in the way, or when its turn came, and not at its creation: that is a time of the API server's clock, and whoever
// compares two clocks fails every run once they are a minute apart.
func (d *decision) inGrace() bool {
	conditions := d.verdict.Status.Conditions
	delayed := metav1alpha1.FindCondition(conditions, corev1alpha1.ConditionStartDelayed)
	if delayed == nil || delayed.Status != metav1.ConditionTrue {
		return true
	}
	since := delayed.LastTransitionTime.Time
	if turn := metav1alpha1.FindCondition(conditions, corev1alpha1.ConditionQueued); turn != nil &&
		turn.Status == metav1.ConditionFalse && turn.LastTransitionTime.After(since) {
		since = turn.LastTransitionTime.Time
	}
	return d.now.Before(since.Add(startGrace))
}

func (d *decision) holdBack(message string, mayPass bool) {
	if mayPass && d.inGrace() {
		d.condition(corev1alpha1.ConditionStartDelayed, true, corev1alpha1.ReasonPreRequisitesNotSatisfied, message)
		d.verdict.WakeUp = startRetry
		return
	}
	d.failToStart(message)
}

// prepared ends the waiting.
func (d *decision) prepared() {
	if metav1alpha1.IsConditionTrue(d.verdict.Status.Conditions, corev1alpha1.ConditionStartDelayed) {
		// A message would read as what is wrong: False is good here.
		d.condition(corev1alpha1.ConditionStartDelayed, false, corev1alpha1.ReasonPreRequisitesSatisfied, "")
	}
}
