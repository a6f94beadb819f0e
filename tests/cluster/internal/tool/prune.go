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
		if err := b.remove(ctx, dir); err != nil {
			return removed, err
		}
		removed = append(removed, dir)
	}
	return removed, nil
}

// remove waits for a build that is under way: its files are here, too.
func (b Builder) remove(ctx context.Context, dir string) error {
	held, err := b.lock(ctx, filepath.Base(filepath.Dir(dir)))
	if err != nil {
		return err
	}
	defer held.Release()
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("removing %s: %w", dir, err)
	}
	return nil
}
