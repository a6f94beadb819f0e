// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestOneOwnerAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "lock")
	first, err := Acquire(context.Background(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var owner string
	_, err = Acquire(ctx, path, func(o string) {
		owner = o
		cancel()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a second owner got %v, want to wait until it's told to stop", err)
	}
	if want := fmt.Sprintf("process %d", os.Getpid()); owner != want {
		t.Errorf("the owner is shown as %q, want %q", owner, want)
	}
	first.Release()
	second, err := Acquire(context.Background(), path, func(string) { t.Error("waited for a lock that nobody holds") })
	if err != nil {
		t.Fatal(err)
	}
	second.Release()
}

func TestAWaitingOwnerGetsTheLockWhenItsReleased(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := Acquire(context.Background(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Acquire(context.Background(), path, func(string) { first.Release() })
	if err != nil {
		t.Fatal(err)
	}
	second.Release()
}
