// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"cmp"
	"slices"
)

// beyondHistory names the finished sessions that are one too many once this one has finished. The skipped ones
// are counted by themselves: a target that is gone for a week must not push out its last backup, nor fill the
// cluster.
func (d *decision) beyondHistory() []string {
	limit := d.historyLimit()
	return append(append(d.past(false, limit-1), d.past(true, limit)...), d.former()...)
}

// former names those of sessions that were taken out of the configuration: no run of theirs comes any more that would
// drop them. Of each as many are kept as of this one.
func (d *decision) former() []string {
	var names []string
	limit := d.historyLimit()
	for _, list := range d.facts.Former {
		names = append(append(names, beyond(list, false, limit)...), beyond(list, true, limit)...)
	}
	return names
}

// beyondSkipped is the same for one that is skipped.
func (d *decision) beyondSkipped() []string { return d.past(true, d.historyLimit()-1) }

func (d *decision) historyLimit() int {
	if d.facts.Config != nil && d.facts.Config.SessionHistoryLimit != nil {
		return int(*d.facts.Config.SessionHistoryLimit)
	}
	return 1
}

func (d *decision) past(skipped bool, keep int) []string {
	return beyond(d.facts.History, skipped, keep)
}

// beyond names those that are finished, skipped or not, without the newest ones.
func beyond(history []Past, skipped bool, keep int) []string {
	var names []string
	past := slices.Clone(history)
	slices.SortFunc(past, func(a, b Past) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.Name, a.Name))
	})
	for _, p := range past {
		if p.Skipped != skipped {
			continue
		}
		if keep--; keep < 0 {
			names = append(names, p.Name)
		}
	}
	return names
}
