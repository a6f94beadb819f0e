// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"context"
	"sync"
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"kubestash.com/kubestash/internal/domain/hook"
)

const (
	// atOnce is how many attempts run at a time. They wait more than they work.
	atOnce = 50
	// remembered is for how long an outcome that nobody picks up is kept.
	remembered = time.Hour
	// called is how many calls for a pass may wait.
	called = 1024
)

// Runner runs attempts, and remembers their outcomes until somebody has recorded them.
type Runner struct {
	clock clock.PassiveClock
	spawn func(func())
	slots chan struct{}
	calls chan event.GenericEvent

	mutex    sync.Mutex
	attempts map[string]*attempt
}

type attempt struct {
	ended bool
	err   string
	at    time.Time
}

// NewRunner returns a Runner. spawn runs a function beside the caller; a test may run it at once.
func NewRunner(c clock.PassiveClock, spawn func(func())) *Runner {
	return &Runner{
		clock: c, spawn: spawn, slots: make(chan struct{}, atOnce), calls: make(chan event.GenericEvent, called), attempts: map[string]*attempt{},
	}
}

// Calls is a source of events for a controller: an attempt for the object has ended.
func (r *Runner) Calls() <-chan event.GenericEvent { return r.calls }

// Look tells what is known of an attempt.
func (r *Runner) Look(key string) hook.Attempt {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	a, ok := r.attempts[key]
	if !ok {
		return hook.Attempt{}
	}
	return hook.Attempt{Known: true, Ended: a.ended, Error: a.err}
}

// Run makes an attempt, unless it is known. The time starts when there is room for it. do returns why it failed; empty when it succeeded.
func (r *Runner) Run(key string, owner client.Object, timeout time.Duration, do func(context.Context) string) {
	if !r.begin(key) {
		return
	}
	owner = copied(owner)
	r.spawn(func() {
		r.slots <- struct{}{}
		defer func() { <-r.slots }()
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		r.end(key, owner, do(ctx))
	})
}

// Settle remembers an attempt that failed before it began.
func (r *Runner) Settle(key string, owner client.Object, why string) {
	if r.begin(key) {
		r.end(key, copied(owner), why)
	}
}

func (r *Runner) begin(key string) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	now := r.clock.Now()
	for k, a := range r.attempts {
		if a.ended && now.Sub(a.at) > remembered {
			delete(r.attempts, k)
		}
	}
	if _, known := r.attempts[key]; known {
		return false
	}
	r.attempts[key] = &attempt{}
	return true
}

func (r *Runner) end(key string, owner client.Object, why string) {
	r.mutex.Lock()
	a := r.attempts[key]
	a.ended, a.err, a.at = true, why, r.clock.Now()
	r.mutex.Unlock()
	select {
	case r.calls <- event.GenericEvent{Object: owner}:
	default: // the next look will find it
	}
}

// copied belongs to nobody who would change it.
func copied(owner client.Object) client.Object {
	if o, ok := owner.DeepCopyObject().(client.Object); ok {
		return o
	}
	return owner
}
