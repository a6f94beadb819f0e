// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestMemoryIsGivenBackAtRest(t *testing.T) {
	const much, little = 10 * restful, restful / 100
	// What is allocated in a minute, and whether memory is given back at its end.
	type minute struct {
		allocated uint64
		trims     bool
	}
	story := []minute{
		{much, false}, {much, false}, {little, true}, {little, false}, {little, false}, // the start, and a rest
		{much, false}, {little, true}, {0, false}, // work, and a rest
	}
	for range int(trimAgain/trimInterval) - 2 {
		story = append(story, minute{little / 100, false})
	}
	story = append(story, minute{0, true}, minute{0, false}) // a long rest
	synctest.Test(t, func(t *testing.T) {
		var allocated uint64
		trims := 0
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_ = trimmer{allocated: func() uint64 { return allocated }, free: func() { trims++ }}.Start(ctx)
		}()
		synctest.Wait()
		for i, minute := range story {
			before := trims
			allocated += minute.allocated
			time.Sleep(trimInterval)
			synctest.Wait()
			if got := trims > before; got != minute.trims {
				t.Errorf("minute %d: trimmed %t, want %t", i+1, got, minute.trims)
			}
		}
		cancel()
	})
}
