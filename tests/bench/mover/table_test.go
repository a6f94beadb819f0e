//go:build bench

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kubestash.com/kubestash/tests/bench"
)

// The goals: what the mover may cost more than restic alone.
const (
	moreWall   = 500 * time.Millisecond
	wallFactor = 1.03
	moreRSS    = 25 << 20
)

// row compares the two on one piece of work.
type row struct {
	work          string
	restic, mover []cost
}

func (r row) String() string {
	bareWall, wall := median(r.restic, func(c cost) int64 { return int64(c.wall) }), median(r.mover, func(c cost) int64 { return int64(c.wall) })
	bareCPU, cpu := median(r.restic, func(c cost) int64 { return int64(c.cpu) }), median(r.mover, func(c cost) int64 { return int64(c.cpu) })
	bareRSS, rss := median(r.restic, func(c cost) int64 { return c.rss }), median(r.mover, func(c cost) int64 { return c.rss })
	more := time.Duration(wall - bareWall)
	return fmt.Sprintf("| %s | %s | %s | %+.2f s (%+.1f %%) %s | %s | %s | %d | %d | %+.1f %s | %d | %d | %d |", r.work,
		seconds(bareWall), seconds(wall), more.Seconds(), 100*float64(more)/float64(bareWall),
		bench.Mark(more <= moreWall || float64(wall) <= wallFactor*float64(bareWall)),
		seconds(bareCPU), seconds(cpu),
		bareRSS>>20, rss>>20, float64(rss-bareRSS)/(1<<20), bench.Mark(rss-bareRSS <= moreRSS),
		median(r.restic, requests), median(r.mover, requests), median(r.mover, func(c cost) int64 { return int64(c.children) }))
}

const head = `| work | restic, wall | mover, wall | more (goal: ≤ 3 % or 0.5 s) | restic, CPU | mover, CPU | restic, MiB | mover, MiB | more (goal: ≤ 25 MiB) |` +
	` requests of restic | of the mover | restic processes |
|---|---|---|---|---|---|---|---|---|---|---|---|`

func table(rows []row) string {
	lines := []string{head}
	for _, r := range rows {
		lines = append(lines, r.String())
	}
	return strings.Join(lines, "\n")
}

func requests(c cost) int64 {
	total := 0
	for _, n := range c.requests {
		total += n
	}
	return int64(total)
}

// median of an even number of runs is between the middle two.
func median(costs []cost, of func(cost) int64) int64 {
	values := make([]int64, 0, len(costs))
	for _, c := range costs {
		values = append(values, of(c))
	}
	slices.Sort(values)
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

func seconds(nanoseconds int64) string {
	return fmt.Sprintf("%.2f s", time.Duration(nanoseconds).Seconds())
}
