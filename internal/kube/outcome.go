// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
)

// A reconcile ends in one of four ways: done (nil), wait, stall, or retry (any other error).

type waitError struct {
	after  time.Duration
	reason string
}

func (e *waitError) Error() string { return "waiting: " + e.reason }

// Wait says that nothing is wrong and that it is too early: look again after the given time, or sooner
// when a watched object changes. The reason is for the log.
func Wait(after time.Duration, reason string) error {
	return &waitError{after: after, reason: reason}
}

type stallError struct {
	reason string
	cause  error
}

func (e *stallError) Error() string { return "stalled: " + e.reason }
func (e *stallError) Unwrap() error { return e.cause }

// stalledInterval is how often a stalled object is looked at although nothing that we watch changed. What
// unblocks it may be something that we don't watch, such as a Secret.
const stalledInterval = time.Minute

// Stall says that a human must act. A condition and an event have told so already; the object is looked
// at again when something that is watched changes, and once a minute.
func Stall(reason string, cause error) error {
	return &stallError{reason: reason, cause: cause}
}

// IsWait reports whether err is a Wait.
func IsWait(err error) bool {
	var w *waitError
	return errors.As(err, &w)
}

// IsStall reports whether err is a Stall.
func IsStall(err error) bool {
	var s *stallError
	return errors.As(err, &s)
}

// Result translates an outcome for controller-runtime. It is the only such translation.
func Result(err error) (ctrl.Result, error) {
	var w *waitError
	var s *stallError
	switch {
	case err == nil:
		return ctrl.Result{}, nil
	case errors.As(err, &w):
		return ctrl.Result{RequeueAfter: max(w.after, time.Millisecond)}, nil
	case errors.As(err, &s):
		return ctrl.Result{RequeueAfter: stalledInterval}, nil
	default:
		return ctrl.Result{}, err
	}
}
