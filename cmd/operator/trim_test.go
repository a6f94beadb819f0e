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
	// What is in use, what is allocated in a minute, and whether memory is given back at its end.
	type minute struct {
		live, allocated uint64
		trims           bool
	}
	story := []minute{
		{0, 2 * restful, false}, {0, 2 * restful, false}, {0, restful, true}, {0, restful, false}, {0, 0, false}, // the start, and a rest
		{inUse, 2 * inUse, false}, {inUse, inUse, true}, {inUse, inUse, false}, // much work, and the rest of somebody who has much
	}
	for range int(trimAgain/trimInterval) - 2 {
		story = append(story, minute{inUse, restful, false})
	}
	story = append(story, minute{inUse, 0, true}, minute{inUse, 0, false}) // a long rest
	synctest.Test(t, func(t *testing.T) {
		var allocated, live uint64
		trims := 0
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_ = trimmer{
				allocated: func() uint64 { return allocated }, live: func() uint64 { return live }, free: func() { trims++ },
			}.Start(ctx)
		}()
		synctest.Wait()
		for i, minute := range story {
			before := trims
			allocated, live = allocated+minute.allocated, minute.live
			time.Sleep(trimInterval)
			synctest.Wait()
			if got := trims > before; got != minute.trims {
				t.Errorf("minute %d: trimmed %t, want %t", i+1, got, minute.trims)
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
