// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package tool

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Prune removes what the cache holds besides the binaries of the current pins, and returns the removed folders. Another checkout with other
// pins builds its own again.
func (b Builder) Prune(ctx context.Context) ([]string, error) {
	// A build that is under way has its files here too.
	held, err := b.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer held.Release()
	wanted := map[string]bool{}
	for _, t := range Catalog() {
		p, err := Resolve(b.Tools, t)
		if err != nil {
			return nil, err
		}
		wanted[b.Dir(p)] = true
	}
	found, err := filepath.Glob(filepath.Join(b.Cache, "bin", "*", "*"))
	if err != nil {
		return nil, fmt.Errorf("listing the cache: %w", err)
	}
	var removed []string
	for _, dir := range found {
		if wanted[dir] {
			continue
		}
		if err := os.RemoveAll(dir); err != nil {
			return removed, fmt.Errorf("removing %s: %w", dir, err)
		}
		removed = append(removed, dir)
	}
	return removed, nil
}
