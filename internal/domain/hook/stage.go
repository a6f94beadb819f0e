// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
)

// LeaveLimit is how long the deletion of a session waits for its post-hooks. It is documented at HookInfo.
const LeaveLimit = 10 * time.Minute

// Hooks are the hooks of a session, as they were when it began.
type Hooks struct {
	Pre, Post []Known
	// Target is what templates call so.
	Target Reference
	// Record is what the status is to remember of them, so that they can still run when what names them is edited or gone.
	Record *runtime.RawExtension
}

// Began reports whether a session has come to its hooks and has not finished.
func Began(s corev1alpha1.HookStatus) bool { return s.Record != nil }

// Before works off the pre-hooks. From here on the status remembers all of them.
func (h Hooks) Before(status *corev1alpha1.HookStatus, s Situation) Step {
	h.remember(status)
	step := Run(Pre, h.Pre, status.PreHooks, s)
	status.PreHooks = step.Entries
	return step
}

// After works off the post-hooks. A pre-hook that runs although it's too late for it is waited for, and no other is started: it must not
// come last.
func (h Hooks) After(status *corev1alpha1.HookStatus, s Situation) Step {
	h.remember(status)
	var told []Event
	if _, _, open := Pending(status.PreHooks); open {
		late := s
		late.NoMore = true
		step := Run(Pre, h.Pre, status.PreHooks, late)
		status.PreHooks = step.Entries
		if !step.Done {
			return step
		}
		told = step.Events
	}
	step := Run(Post, h.Post, status.PostHooks, s)
	status.PostHooks = step.Entries
	step.Events = append(told, step.Events...)
	return step
}

func (h Hooks) remember(status *corev1alpha1.HookStatus) {
	if status.Record == nil {
		status.Record = h.Record
	}
}
