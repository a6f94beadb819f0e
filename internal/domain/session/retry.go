// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
)

// EventRetryTriggered tells that a failed run is tried again.
const EventRetryTriggered = "RetryTriggered"

// Retry makes a new BackupSession for a run that failed.
type Retry struct {
	// At is the new run's time, of which its name is made.
	At time.Time
	// Left is how often it may be tried again itself.
	Left int32
}

func (Retry) intent() {}

// RetryPending reports whether a finished run waits to be tried again.
func RetryPending(s corev1alpha1.BackupSessionStatus) bool {
	return Finished(s) && s.NextRetry != nil && (s.Retried == nil || !*s.Retried)
}

// planRetry notes in a failed run's status when it is tried again. A run has its tries from its configuration; one that
// a person made by hand has none unless it says so.
func (d *decision) planRetry() {
	s := &d.verdict.Status
	config := d.facts.Config
	if config == nil || config.RetryConfig == nil {
		return
	}
	retried := false
	s.Retried = &retried
	if Phase(*s) != corev1alpha1.BackupSessionPhaseFailed || d.facts.Session.Spec.RetryLeft <= 0 || d.facts.Siblings.Newer != "" {
		return
	}
	next := metav1.NewTime(d.now.Add(config.RetryConfig.Delay.Duration))
	s.NextRetry = &next
	d.verdict.WakeUp = max(config.RetryConfig.Delay.Duration, time.Millisecond)
}

// retry tries a failed run again once its delay is over, unless nobody wants its backups any more.
func (d *decision) retry() {
	s := &d.verdict.Status
	if left := s.NextRetry.Sub(d.now); left > 0 {
		d.verdict.WakeUp = left
		return
	}
	retried := true
	if d.facts.Invoker == nil || d.facts.Config == nil || d.facts.Invoker.Paused {
		s.NextRetry = nil
		return
	}
	if newer := d.facts.Siblings.Newer; newer != "" {
		s.NextRetry = nil
		d.event(false, EventRetryDropped, "The backup is not tried again: BackupSession "+newer+" came after it.")
		return
	}
	s.Retried = &retried
	d.intend(Retry{At: s.NextRetry.Time, Left: d.facts.Session.Spec.RetryLeft - 1})
	d.event(false, EventRetryTriggered, "The backup failed and is tried again.")
}
