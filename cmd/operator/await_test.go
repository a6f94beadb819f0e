// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"testing"
	"time"

	"github.com/go-logr/logr"
)

func TestTheAPIServerIsAwaited(t *testing.T) {
	for sentence, c := range map[string]struct {
		fails    int
		patience time.Duration
		want     int
	}{
		"it answers at once":           {0, time.Minute, 1},
		"it answers the third time":    {2, time.Minute, 3},
		"it isn't waited for for ever": {1 << 30, 0, 1},
	} {
		t.Run(sentence, func(t *testing.T) {
			asked := 0
			awaitAPI(t.Context(), logr.Discard(), func() error {
				if asked++; asked <= c.fails {
					return errors.New("connection refused")
				}
				return nil
			}, c.patience, time.Millisecond)
			if asked != c.want {
				t.Errorf("asked %d times, want %d", asked, c.want)
			}
		})
	}
}
