// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"context"
	"path"
	"slices"
	"strings"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
)

// strays are restic snapshots that pods have stored which died before they could report: nobody was told of them, and
// nobody will be. One is taken for a stray only if it bears the mark of this run, or of one that is over, and the name of
// this component, and if no Snapshot tells of it. A restic that was started by hand, and another cluster on the same
// bucket, don't know the mark, and one that somebody has tagged since has a new id, but the old mark: it stays.
//
// In the usual case this costs one request to the store and no process.
func (w *work) strays(ctx context.Context, r *repository, order task.Repository, out *task.RepositoryReport) ([]string, error) {
	if order.Mark == "" {
		return nil, nil
	}
	isKnown := func(id string) bool {
		return slices.ContainsFunc(out.Summaries, func(s engine.Summary) bool { return s.ID == id }) ||
			slices.ContainsFunc(order.Known, func(begin string) bool { return strings.HasPrefix(id, begin) })
	}
	unknown := false
	err := r.objects.List(ctx, path.Join(r.dir, snapshotsFolder), func(key string) error {
		if unknown = !isKnown(path.Base(key)); unknown {
			return errEnough
		}
		return nil
	})
	if !unknown {
		return nil, r.safe(err)
	}
	list, err := r.engine.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	var strays []string
	for _, s := range list {
		if !isKnown(s.ID) && !s.Rewritten && s.Host == w.task.Component && isMarked(s, order) {
			strays = append(strays, s.ID)
		}
	}
	return strays, nil
}

func isMarked(s engine.Snapshot, order task.Repository) bool {
	return slices.ContainsFunc(s.Tags, func(tag string) bool { return tag == order.Mark || slices.Contains(order.Untold, tag) })
}
