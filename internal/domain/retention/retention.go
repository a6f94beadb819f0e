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
	// Verified is true when somebody has proved that it can be restored.
	Verified bool
	// Hold, when set, keeps the snapshot whatever the policy says, and it doesn't count for it. It is the reason.
	Hold string
}

// Policy says what to keep. Its zero value keeps every successful snapshot and the newest failed one. A count that is
// nil or zero says nothing; a negative one is no limit.
type Policy struct {
	// MaxRetentionPeriod drops every snapshot that is older, whatever the counts say. Zero or less is no limit.
	MaxRetentionPeriod time.Duration
	// Last keeps that many of the newest successful snapshots.
	Last *int32
	// Hourly keeps the newest successful snapshot of each of so many hours that have one. So do the others for
	// their periods. Where a day begins is decided by Zone. As with restic, a rule that has not kept as many as it
	// may keeps the very oldest too: so the history grows to its full length sooner.
	Hourly  *int32
	Daily   *int32
	Weekly  *int32
	Monthly *int32
	Yearly  *int32
	// FailedLast keeps that many of the newest failed snapshots. Nil means 1, the API's default; zero drops all.
	FailedLast *int32
	// Zone is where hours, days, weeks, months and years begin. Nil means the location of now.
	Zone *time.Location
}

// Decision is the answer for one snapshot.
type Decision struct {
	Name string
	Keep bool
	// Reasons are for a person: why it is kept, or why it goes. There is at least one.
	Reasons []string
}

// Decide applies the policy. The decisions are in order of time, newest first.
//
// It is steady: a snapshot that it drops is dropped at every later time too, and by every policy that keeps less.
func Decide(snapshots []Snapshot, policy Policy, now time.Time) []Decision {
	ordered := newestFirst(snapshots)
	j := judge{policy: policy, now: now, counts: policy.counters(now.Location()), oldest: oldestSuccess(ordered)}
	j.failed = &counter{name: "failed", limit: 1, bucket: each}
	if policy.FailedLast != nil {
		j.failed.limit = int(*policy.FailedLast)
	}
	decisions := make([]Decision, 0, len(ordered))
	for i, snapshot := range ordered {
		keep, drop := j.look(i, snapshot)
		keep = j.last(snapshot, keep)
		decision := Decision{Name: snapshot.Name, Keep: len(keep) > 0, Reasons: keep}
		if !decision.Keep {
			decision.Reasons = drop
		}
		decisions = append(decisions, decision)
	}
	return decisions
}

func newestFirst(snapshots []Snapshot) []Snapshot {
	ordered := make([]Snapshot, len(snapshots))
	copy(ordered, snapshots)
	sort.SliceStable(ordered, func(i, j int) bool {
		if !ordered[i].Time.Equal(ordered[j].Time) {
			return ordered[i].Time.After(ordered[j].Time)
		}
		return ordered[i].Name > ordered[j].Name
	})
	return ordered
}

// oldestSuccess is the index of the oldest snapshot that counts, or -1. It doesn't matter whether its age lets it stay:
// else the next one would take its place, and come back to life, as time goes by.
func oldestSuccess(ordered []Snapshot) int {
	for i := len(ordered) - 1; i >= 0; i-- {
		if s := ordered[i]; !s.Failed && !s.Unfinished && s.Hold == "" {
			return i
		}
	}
	return -1
}

// judge is one Decide.
type judge struct {
	policy Policy
	now    time.Time
	counts []*counter
	failed *counter
	oldest int
	// seen and verified are true once a success, and one that was verified, have been met.
	seen, verified bool
}

func (j *judge) look(i int, s Snapshot) (keep, drop []string) {
	switch {
	case s.Hold != "":
		return []string{s.Hold}, nil
	case s.Unfinished:
		return []string{"not finished"}, nil
	case s.Time.After(j.now):
		// Some clock was ahead. Were it counted, it would push out what is really the newest.
		return []string{"its time has not come yet"}, nil
	case j.policy.expired(s, j.now):
		return nil, []string{"older than " + FormatPeriod(j.policy.MaxRetentionPeriod)}
	case s.Failed:
		return j.failed.judge(s, false)
	case len(j.counts) == 0:
		return []string{"no count limits successful snapshots"}, nil
	}
	for _, c := range j.counts {
		kept, _ := c.judge(s, i == j.oldest)
		keep = append(keep, kept...)
	}
	return keep, []string{"no count of the policy reaches it"}
}

// last keeps what nobody can do without: the newest success, and the newest one that is known to be restorable. What
// comes from the future is kept for another reason, and isn't taken for either.
func (j *judge) last(s Snapshot, keep []string) []string {
	if s.Failed || s.Unfinished || s.Time.After(j.now) {
		return keep
	}
	newest, verified := !j.seen, s.Verified && !j.verified
	j.seen, j.verified = true, j.verified || s.Verified
	switch {
	case len(keep) > 0:
	case newest:
		keep = []string{"the newest successful snapshot is never dropped"}
	case verified:
		keep = []string{"the newest verified snapshot is never dropped"}
	}
	return keep
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
	if p.Zone != nil {
		zone = p.Zone
	}
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

// A counter keeps the newest snapshot of each of its first limit buckets.
type counter struct {
	name   string
	limit  int
	bucket func(time.Time) string

	taken int
	last  string
}

// judge must see the snapshots newest first. The oldest of all is kept as well while the count has not been reached.
func (c *counter) judge(snapshot Snapshot, oldest bool) (keep, drop []string) {
	bucket := c.bucket(snapshot.Time)
	full := c.limit >= 0 && c.taken >= c.limit
	again := bucket != "" && c.taken > 0 && bucket == c.last
	if full || again && !oldest {
		return nil, []string{fmt.Sprintf("%s, and the policy keeps %d of those", c.name, c.taken)}
	}
	c.taken++
	c.last = bucket
	reason := fmt.Sprintf("%s %d", c.name, c.taken)
	if c.limit > 0 {
		reason += fmt.Sprintf(" of %d", c.limit)
	}
	switch {
	case again:
		reason += " (" + bucket + ", the oldest)"
	case bucket != "":
		reason += " (" + bucket + ")"
	}
	return []string{reason}, nil
}

func each(time.Time) string { return "" }

func layout(zone *time.Location, format string) func(time.Time) string {
	return func(t time.Time) string { return t.In(zone).Format(format) }
}
