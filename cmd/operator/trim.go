// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
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
	// restPercent is how much garbage, in percent of what is in use, may lie about at rest. It is little, and so is what is made there.
	restPercent = 10
)

// trimmer gives memory back to the machine when the operator comes to rest after work. Go keeps what it has once needed, and garbage of a
// quarter of what is in use, for when it's needed again; an operator rests most of its life, and makes do with less then.
type trimmer struct {
	// allocated counts bytes since the start, and live those that were in use when garbage was collected last.
	allocated, live func() uint64
	free            func()
	// percent says how much garbage may lie about.
	percent func(int)
}

func newTrimmer() trimmer {
	t := trimmer{allocated: metric("/gc/heap/allocs:bytes"), live: metric("/gc/heap/live:bytes"), free: debug.FreeOSMemory, percent: func(int) {}}
	if !userDecides() {
		t.percent = func(percent int) { debug.SetGCPercent(percent) }
	}
	return t
}

// userDecides reports whether somebody has said how much garbage may lie about.
func userDecides() bool { return os.Getenv("GOGC") != "" }

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
	resting := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		now := t.allocated()
		rests := now-last <= max(restful, t.live())
		switch {
		case rests && (!resting || time.Since(trimmed) >= trimAgain):
			t.percent(restPercent)
			t.free()
			trimmed = time.Now()
		case !rests && resting:
			t.percent(gcPercent)
		}
		last, resting = now, rests
	}
}
