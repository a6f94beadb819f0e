// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

func TestMemoryIsGivenBackAtRest(t *testing.T) {
	const inUse = 20 * restful
	// What is in use, what is allocated in a minute, whether memory is given back at its end, and how much garbage may lie about then.
	type minute struct {
		live, allocated uint64
		trims           bool
		percent         int
	}
	story := []minute{
		// The start, and a rest.
		{0, 2 * restful, false, gcPercent}, {0, 2 * restful, false, gcPercent}, {0, restful, true, restPercent}, {0, 0, false, restPercent},
		// Much work, and the rest of somebody who has much.
		{inUse, 2 * inUse, false, gcPercent}, {inUse, inUse, true, restPercent}, {inUse, inUse, false, restPercent},
	}
	for range int(trimAgain/trimInterval) - 2 {
		story = append(story, minute{inUse, restful, false, restPercent})
	}
	story = append(story, minute{inUse, 0, true, restPercent}, minute{inUse, 0, false, restPercent}) // a long rest
	synctest.Test(t, func(t *testing.T) {
		var allocated, live uint64
		trims, percent := 0, gcPercent
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_ = trimmer{
				allocated: func() uint64 { return allocated }, live: func() uint64 { return live },
				free: func() { trims++ }, percent: func(p int) { percent = p },
			}.Start(ctx)
		}()
		synctest.Wait()
		for i, minute := range story {
			before := trims
			allocated, live = allocated+minute.allocated, minute.live
			time.Sleep(trimInterval)
			synctest.Wait()
			if got := trims > before; got != minute.trims || percent != minute.percent {
				t.Errorf("minute %d: trimmed %t, want %t; %d %%, want %d %%", i+1, got, minute.trims, percent, minute.percent)
			}
		}
		cancel()
	})
}

func TestMemoryIsCounted(t *testing.T) {
	of := newTrimmer()
	runtime.GC()
	before := of.allocated()
	runtime.KeepAlive(make([]byte, restful))
	if more, live := of.allocated()-before, of.live(); more < restful || live == 0 {
		t.Errorf("%d bytes were allocated, of %d; %d are in use", more, restful, live)
	}
}
