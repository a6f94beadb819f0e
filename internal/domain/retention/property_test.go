// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package retention

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"time"
)

var propertyNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// randomCase is a history, some of it from the future, and a policy without negative counts.
func randomCase(random *rand.Rand) ([]Snapshot, Policy) {
	var snapshots []Snapshot
	for i := range random.Intn(14) {
		s := Snapshot{
			Name: fmt.Sprint("s", i), Time: propertyNow.Add(-time.Duration(random.Intn(3000)-60) * time.Hour),
			Failed: random.Intn(4) == 0, Unfinished: random.Intn(8) == 0, Verified: random.Intn(4) == 0,
		}
		if random.Intn(10) == 0 {
			s.Hold = "held"
		}
		snapshots = append(snapshots, s)
	}
	count := func() *int32 {
		if n := random.Int31n(6) - 1; n >= 0 {
			return &n
		}
		return nil
	}
	policy := Policy{Last: count(), Hourly: count(), Daily: count(), Weekly: count(), Monthly: count(), Yearly: count(), FailedLast: count()}
	if random.Intn(2) == 0 {
		policy.MaxRetentionPeriod = time.Duration(1+random.Intn(120)) * day
	}
	return snapshots, policy
}

func TestMoreTimeNeverBringsASnapshotBack(t *testing.T) {
	random := rand.New(rand.NewSource(2))
	for range 3000 {
		snapshots, policy := randomCase(random)
		later := propertyNow.Add(time.Duration(random.Intn(4000)) * time.Hour)
		first, then := Dropped(Decide(snapshots, policy, propertyNow)), Dropped(Decide(snapshots, policy, later))
		for _, name := range first {
			if !slices.Contains(then, name) {
				t.Fatalf("%s was dropped and came back at %s: policy %+v, snapshots %+v", name, later, policy, snapshots)
			}
		}
	}
}

// A policy without any count has no limit, so taking the last count away is not stricter: the counts here stay.
func TestAStricterPolicyKeepsASubset(t *testing.T) {
	random := rand.New(rand.NewSource(3))
	less := func(n *int32) *int32 {
		if n == nil || *n < 2 {
			return n
		}
		fewer := *n - 1
		return &fewer
	}
	for range 3000 {
		snapshots, policy := randomCase(random)
		stricter := policy
		stricter.Last, stricter.Hourly, stricter.Daily = less(policy.Last), less(policy.Hourly), less(policy.Daily)
		stricter.Weekly, stricter.Monthly, stricter.Yearly = less(policy.Weekly), less(policy.Monthly), less(policy.Yearly)
		if policy.MaxRetentionPeriod > day {
			stricter.MaxRetentionPeriod -= day
		}
		kept := Dropped(Decide(snapshots, stricter, propertyNow))
		for _, name := range Dropped(Decide(snapshots, policy, propertyNow)) {
			if !slices.Contains(kept, name) {
				t.Fatalf("%s is dropped by %+v and kept by the stricter %+v of %+v", name, policy, stricter, snapshots)
			}
		}
	}
}

func TestWhatIsDroppedIsNotMissed(t *testing.T) {
	random := rand.New(rand.NewSource(4))
	for range 3000 {
		snapshots, policy := randomCase(random)
		dropped := Dropped(Decide(snapshots, policy, propertyNow))
		left := slices.DeleteFunc(slices.Clone(snapshots), func(s Snapshot) bool { return slices.Contains(dropped, s.Name) })
		for _, s := range snapshots {
			if slices.Contains(dropped, s.Name) && (s.Hold != "" || s.Unfinished || s.Time.After(propertyNow)) {
				t.Fatalf("%+v was dropped", s)
			}
		}
		newest := func(list []Snapshot, fits func(Snapshot) bool) string {
			for _, s := range newestFirst(list) {
				if !s.Failed && !s.Unfinished && !s.Time.After(propertyNow) && fits(s) {
					return s.Name
				}
			}
			return ""
		}
		for what, fits := range map[string]func(Snapshot) bool{
			"success": func(Snapshot) bool { return true }, "verified success": func(s Snapshot) bool { return s.Verified },
		} {
			if was, is := newest(snapshots, fits), newest(left, fits); was != is {
				t.Fatalf("the newest %s was %s and is %q", what, was, is)
			}
		}
	}
}
