//go:build bench

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/tests/bench"
)

// What the mover may ask the store beside what restic asks for the same work: whether there is a repository, whether
// somebody holds a lock, and, for each thousand files, how large it has become. A restore first reads what it is to restore.
const (
	moreRequestsOfABackup  = 3
	moreRequestsOfARestore = 12
)

func TestMoverAgainstRestic(t *testing.T) {
	b := newMachine(t)
	var rows []row
	for _, d := range []data{
		{"1 × 1 GiB", 1, bench.Scaled(1 << 30)},
		{"10,000 × 100 KB", int(bench.Scaled(10_000)), 100_000},
		{"100,000 × 4 KB", int(bench.Scaled(100_000)), 4_000},
	} {
		must(t, os.MkdirAll(b.source, 0o755))
		d.plant(t, b.source)
		rows = append(rows, compare(t, b, d)...)
		must(t, os.RemoveAll(b.source))
	}
	fmt.Printf("\n%s; %d %% of the data, %d rounds\n\n%s\n", bench.Machine(), bench.Percent(), rounds(), table(rows))
}

// compare lets the two do the same in turn, each on a repository of its own. Who comes second writes while the disk still takes in what the
// first one wrote, so each is first in every other round.
func compare(t *testing.T, b *machine, d data) []row {
	t.Helper()
	first, again, back := row{work: d.name + ", first backup"}, row{work: d.name + ", nothing changed"}, row{work: d.name + ", restore"}
	var name string
	for round := range rounds() {
		name = fmt.Sprintf("%d-%d", d.files, round)
		bare, ours := name+"/restic", name+"/mover"
		for _, repository := range []string{bare, ours} {
			b.bare(t, repository, "init")
		}
		inTurn := func(r *row, restic, mover func() cost) {
			if round%2 == 0 {
				r.restic = append(r.restic, restic())
			}
			r.mover = append(r.mover, mover())
			if round%2 != 0 {
				r.restic = append(r.restic, restic())
			}
		}
		var id string
		var summary engine.Summary
		inTurn(&first,
			func() (c cost) { c, id = b.bareBackup(t, bare); return c },
			func() (c cost) { c, summary = b.moverBackup(t, ours); return c })
		for range 3 {
			inTurn(&again,
				func() cost { c, _ := b.bareBackup(t, bare); return c },
				func() cost { c, _ := b.moverBackup(t, ours); return c })
		}
		inTurn(&back,
			func() cost { return b.restored(t, d, func() cost { return b.bareRestore(t, bare, id) }) },
			func() cost { return b.restored(t, d, func() cost { return b.moverRestore(t, ours, summary.ID) }) })
	}
	wantThrifty(t, first, moreRequestsOfABackup, 1)
	wantThrifty(t, again, moreRequestsOfABackup, 1)
	wantThrifty(t, back, moreRequestsOfARestore, 2)
	for _, of := range []string{"check", "prune"} {
		c, _ := b.bare(t, name+"/mover", of)
		fmt.Printf("restic %s of %s: %.2f s, %d MiB, %d requests\n", of, d.name, c.wall.Seconds(), c.rss>>20, requests(c))
	}
	return []row{first, again, back}
}

// restored runs a restore into a source that isn't there any more.
func (b *machine) restored(t *testing.T, d data, restore func() cost) cost {
	t.Helper()
	kept := filepath.Join(filepath.Dir(filepath.Dir(b.source)), "kept")
	must(t, os.Rename(b.source, kept))
	c := restore()
	d.wantWhole(t, b.source)
	must(t, os.RemoveAll(b.source))
	must(t, os.Rename(kept, b.source))
	return c
}

// wantThrifty compares what doesn't depend on how busy the machine is. A prune or a full pack more or less makes restic's own number differ a
// little from run to run, so the smallest of each side are compared.
func wantThrifty(t *testing.T, r row, more int64, processes int) {
	t.Helper()
	least := func(costs []cost) int64 {
		numbers := make([]int64, 0, len(costs))
		for _, c := range costs {
			numbers = append(numbers, requests(c))
		}
		return slices.Min(numbers)
	}
	if bare, ours := least(r.restic), least(r.mover); ours > bare+more+bare/100 {
		t.Errorf("%s: the mover makes %d requests and restic %d; at most %d more are needed: %v and %v", r.work, ours, bare, more,
			told(r.mover[0].requests), told(r.restic[0].requests))
	}
	for _, c := range r.mover {
		if c.children > processes {
			t.Errorf("%s: %d processes were started, not %d", r.work, c.children, processes)
		}
	}
}

func told(requests map[string]int) string {
	var out []string
	for _, method := range slices.Sorted(maps.Keys(requests)) {
		out = append(out, fmt.Sprintf("%s %d", method, requests[method]))
	}
	return strings.Join(out, ", ")
}

func rounds() int { return bench.Setting("BENCH_ROUNDS", 4) }
