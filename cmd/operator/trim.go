// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// trimInterval is how often one looks whether the operator has come to rest.
	trimInterval = time.Minute
	// trimAgain is after how long a rest memory is given back again: client-go remembers for six to twelve minutes which events it told.
	trimAgain = 15 * time.Minute
	// restful is how much an operator that has nothing to do allocates between two looks, if not more is in use: it renews its Lease, and
	// looks at each storage now and then.
	restful = 8 << 20
)

// trimmer gives memory back to the machine when the operator comes to rest after work. Go keeps what it has once needed, and garbage of a
// quarter of what is in use, for when it's needed again; an operator rests most of its life.
type trimmer struct {
	// allocated counts bytes since the start, and live those that were in use when garbage was collected last.
	allocated, live func() uint64
	free            func()
}

func newTrimmer() trimmer {
	return trimmer{allocated: metric("/gc/heap/allocs:bytes"), live: metric("/gc/heap/live:bytes"), free: debug.FreeOSMemory}
}

func metric(name string) func() uint64 {
	return func() uint64 {
		sample := []metrics.Sample{{Name: name}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
}

// NeedLeaderElection is false: every replica has its cache.
func (t trimmer) NeedLeaderElection() bool { return false }

// Start trims until the context ends.
func (t trimmer) Start(ctx context.Context) error {
	ticker := time.NewTicker(trimInterval)
	defer ticker.Stop()
	var last uint64
	var trimmed time.Time
	worked := true
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		now := t.allocated()
		switch {
		case now-last > max(restful, t.live()):
			worked = true
		case worked || time.Since(trimmed) >= trimAgain:
			t.free()
			worked, trimmed = false, time.Now()
		}
		last = now
	}
}
