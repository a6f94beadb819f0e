//go:build bench

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kubestash.com/kubestash/tests/bench"
)

// row is one figure beside its goal. One without a goal only informs.
type row struct {
	what, figure, goal string
	reached            bool
}

func (r row) String() string {
	if r.goal == "" {
		return fmt.Sprintf("| %s | %s | | |", r.what, r.figure)
	}
	return fmt.Sprintf("| %s | %s | %s | %s |", r.what, r.figure, r.goal, bench.Mark(r.reached))
}

func table(rows []row) string {
	lines := []string{"| what | figure | goal | |\n|---|---|---|---|"}
	for _, r := range rows {
		lines = append(lines, r.String())
	}
	return strings.Join(lines, "\n")
}

// percentile is the smallest of the values that so many percent don't exceed.
func percentile(values []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max((len(sorted)*percent+99)/100-1, 0)]
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000)
}

func mebibytes(bytes int64) string { return fmt.Sprintf("%.0f MiB", float64(bytes)/(1<<20)) }
