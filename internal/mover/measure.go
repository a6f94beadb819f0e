// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"context"
	"strings"

	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/engine"
)

// snapshotsFolder has one file for each snapshot of a restic repository.
const snapshotsFolder = "snapshots"

// measure is what a repository occupies. The store says so in a request for each thousand files; restic would have to
// read the tree of every snapshot to say less: it leaves out what prune has yet to free.
func (w *work) measure(ctx context.Context, r *repository) (engine.Stats, error) {
	var stats engine.Stats
	err := backend.Measure(ctx, r.objects, r.dir, func(key string, bytes int64) error {
		stats.RawBytes += bytes
		if within, _ := strings.CutPrefix(key, r.dir+"/"); strings.HasPrefix(within, snapshotsFolder+"/") {
			stats.Snapshots++
		}
		return nil
	})
	return stats, r.safe(err)
}
