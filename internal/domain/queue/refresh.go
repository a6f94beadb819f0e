// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import "time"

const (
	refreshSoonest = 30 * time.Second
	refreshStep    = 3 * time.Second
	refreshLatest  = 10 * time.Minute
)

// Refresh is how long a session's position may be told without being counted again. Who is far back is told
// rarely, so that a long line costs few writes; whose turn comes is woken by that and not by this.
func Refresh(position int) time.Duration {
	return min(refreshSoonest+time.Duration(position)*refreshStep, refreshLatest)
}
