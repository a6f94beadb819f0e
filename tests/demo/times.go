// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// times says how long each step took, in their order.
type times []struct {
	step string
	took time.Duration
}

func (t *times) add(step string, took time.Duration) {
	*t = append(*t, struct {
		step string
		took time.Duration
	}{step, took})
}

func (t times) print(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	var sum time.Duration
	for _, row := range t {
		sum += row.took
		fmt.Fprintf(table, "%s\t%s\t\n", row.step, seconds(row.took))
	}
	fmt.Fprintf(table, "sum\t%s\t\n", seconds(sum))
	_ = table.Flush()
}

func seconds(d time.Duration) string {
	if d >= time.Minute {
		return fmt.Sprintf("%d min %02d.%d s", int(d.Minutes()), int(d.Seconds())%60, d.Milliseconds()/100%10)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
