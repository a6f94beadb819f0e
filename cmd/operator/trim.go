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
	// restful is how much is allocated between two looks by an operator that has nothing to do: it renews its Lease and looks at a
	// storage now and then.
	restful = 8 << 20
)

// trimmer gives memory back to the machine when the operator comes to rest after work. Go keeps what it has once needed, and garbage of a
// quarter of what is in use, for when it's needed again; an operator rests most of its life.
type trimmer struct {
	// allocated counts bytes since the start.
	allocated func() uint64
	free      func()
}

func newTrimmer() trimmer {
	return trimmer{allocated: func() uint64 {
		sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}, free: debug.FreeOSMemory}
}

// NeedLeaderElection is false: every replica has its cache.
func (t trimmer) NeedLeaderElection() bool { return false }

// Start trims until the context ends.
func (t trimmer) Start(ctx context.Context) error {
	ticker := time.NewTicker(trimInterval)
	defer ticker.Stop()
	var last, trimmed uint64
	var trimmedAt time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		now := t.allocated()
		if now-last <= restful && (now-trimmed > restful || time.Since(trimmedAt) >= trimAgain) {
			t.free()
			trimmed, trimmedAt = now, time.Now()
		}
		last = now
	}
}
