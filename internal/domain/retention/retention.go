// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package retention

import (
	"fmt"
	"sort"
	"time"
)

// Snapshot is what the rule needs to know of one. It succeeded unless it says otherwise.
type Snapshot struct {
	// Name identifies the snapshot in the Decision; it also orders snapshots of the same time.
	Name string
	Time time.Time
	// Failed snapshots are kept only to be looked at.
	Failed bool
	// Unfinished snapshots are still being made, or nobody knows what came of them. They are kept.
	Unfinished bool
	// Pinned snapshots are kept whatever the policy says, and don't count for it.
	Pinned bool
}

// Policy says what to keep. Its zero value keeps every successful snapshot and the newest failed one. A count that is
// nil or zero says nothing; a negative one is no limit.
type Policy struct {
	// MaxRetentionPeriod drops every snapshot that is older, whatever the counts say. Zero or less is no limit.
	MaxRetentionPeriod time.Duration
	// Last keeps that many of the newest successful snapshots.
	Last *int32
	// Hourly keeps the newest successful snapshot of each of so many hours that have one. So do the others for
	// their periods. Where a day begins is decided by the location of now.
	Hourly  *int32
	Daily   *int32
	Weekly  *int32
	Monthly *int32
	Yearly  *int32
	// FailedLast keeps that many of the newest failed snapshots. Nil means 1, the API's default; zero drops all.
	FailedLast *int32
}

// Decision is the answer for one snapshot.
type Decision struct {
	Name string
	Keep bool
	// Reasons are for a person: why it is kept, or why it goes. There is at least one.
	Reasons []string
}

// Decide applies the policy. The decisions are in order of time, newest first.
func Decide(snapshots []Snapshot, policy Policy, now time.Time) []Decision {
	ordered := make([]Snapshot, len(snapshots))
	copy(ordered, snapshots)
	sort.SliceStable(ordered, func(i, j int) bool {
		if !ordered[i].Time.Equal(ordered[j].Time) {
			return ordered[i].Time.After(ordered[j].Time)
		}
		return ordered[i].Name > ordered[j].Name
	})

	counts := policy.counters(now.Location())
	failed := &counter{name: "failed", limit: 1, bucket: each}
	if policy.FailedLast != nil {
		failed.limit = int(*policy.FailedLast)
	}
	lastSuccess := true
	decisions := make([]Decision, 0, len(ordered))
	for _, snapshot := range ordered {
		var keep, drop []string
		switch {
		case snapshot.Pinned:
			keep = []string{"pinned"}
		case snapshot.Unfinished:
			keep = []string{"not finished"}
		case policy.expired(snapshot, now):
			drop = []string{"older than " + FormatPeriod(policy.MaxRetentionPeriod)}
		case snapshot.Failed:
			keep, drop = failed.judge(snapshot)
		default:
			keep, drop = judge(counts, snapshot)
		}
		if !snapshot.Failed && !snapshot.Unfinished && lastSuccess {
			lastSuccess = false
			if len(keep) == 0 {
				keep = []string{"the newest successful snapshot is never dropped"}
			}
		}
		decision := Decision{Name: snapshot.Name, Keep: len(keep) > 0, Reasons: keep}
		if !decision.Keep {
			decision.Reasons = drop
		}
		decisions = append(decisions, decision)
	}
	return decisions
}

// Dropped returns the names that may go.
func Dropped(decisions []Decision) []string {
	var names []string
	for _, decision := range decisions {
		if !decision.Keep {
			names = append(names, decision.Name)
		}
	}
	return names
}

func (p Policy) expired(snapshot Snapshot, now time.Time) bool {
	return p.MaxRetentionPeriod > 0 && snapshot.Time.Before(now.Add(-p.MaxRetentionPeriod))
}

func (p Policy) counters(zone *time.Location) []*counter {
	weekOf := func(t time.Time) string {
		year, week := t.In(zone).ISOWeek()
		return fmt.Sprintf("%d-W%02d", year, week)
	}
	var used []*counter
	for _, c := range []struct {
		name   string
		limit  *int32
		bucket func(time.Time) string
	}{
		{"last", p.Last, each},
		{"hourly", p.Hourly, layout(zone, "2006-01-02T15")},
		{"daily", p.Daily, layout(zone, "2006-01-02")},
		{"weekly", p.Weekly, weekOf},
		{"monthly", p.Monthly, layout(zone, "2006-01")},
		{"yearly", p.Yearly, layout(zone, "2006")},
	} {
		if c.limit != nil && *c.limit != 0 {
			used = append(used, &counter{name: c.name, limit: int(*c.limit), bucket: c.bucket})
		}
	}
	return used
}

func judge(counts []*counter, snapshot Snapshot) (keep, drop []string) {
	if len(counts) == 0 {
		return []string{"no count limits successful snapshots"}, nil
	}
	for _, c := range counts {
		kept, _ := c.judge(snapshot)
		keep = append(keep, kept...)
	}
	return keep, []string{"no count of the policy reaches it"}
}

// A counter keeps the newest snapshot of each of its first limit buckets.
type counter struct {
	name   string
	limit  int
	bucket func(time.Time) string

	taken int
	last  string
}

// judge must see the snapshots newest first.
func (c *counter) judge(snapshot Snapshot) (keep, drop []string) {
	bucket := c.bucket(snapshot.Time)
	full := c.limit >= 0 && c.taken >= c.limit
	if full || bucket != "" && c.taken > 0 && bucket == c.last {
		return nil, []string{fmt.Sprintf("%s, and the policy keeps %d of those", c.name, c.taken)}
	}
	c.taken++
	c.last = bucket
	reason := fmt.Sprintf("%s %d", c.name, c.taken)
	if c.limit > 0 {
		reason += fmt.Sprintf(" of %d", c.limit)
	}
	if bucket != "" {
		reason += " (" + bucket + ")"
	}
	return []string{reason}, nil
}

func each(time.Time) string { return "" }

func layout(zone *time.Location, format string) func(time.Time) string {
	return func(t time.Time) string { return t.In(zone).Format(format) }
}
