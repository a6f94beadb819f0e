// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package retention

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"k8s.io/utils/ptr"
)

// What is printed is read as the same period.
func FuzzPeriod(f *testing.F) {
	for _, seed := range []string{"", "1y6mo", "30d", "2h 30m", "-1d-2h", "2m2mo", "1d1d", "999999999999y", "-999999999999y", "1", "d", "1x", "--1d", " 1w "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		period, err := ParsePeriod(text)
		if err != nil {
			if period != 0 {
				t.Errorf("%q is refused and means %v", text, period)
			}
			return
		}
		printed := FormatPeriod(period)
		again, err := ParsePeriod(printed)
		if err != nil || again != period.Truncate(time.Minute) {
			t.Errorf("%q is %v, printed %q, read as %v, %v", text, period, printed, again, err)
		}
	})
}

// Whatever the policy: nothing is lost from the answer, what isn't finished or is held stays, and so does the newest success.
func FuzzDecide(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 200, 17, 9}, int16(1), int16(0), int16(0), int16(0), int64(0))
	f.Add([]byte{16, 33, 66, 131, 4, 5, 6, 7}, int16(-1), int16(2), int16(3), int16(1), int64(86400))
	f.Add([]byte{}, int16(3), int16(3), int16(3), int16(0), int64(-5))
	f.Fuzz(func(t *testing.T, raw []byte, last, hourly, daily, failed int16, maxSeconds int64) {
		now := time.Date(2026, time.March, 29, 2, 30, 0, 0, time.UTC)
		policy := Policy{
			MaxRetentionPeriod: time.Duration(maxSeconds), Last: ptr.To(int32(last)), Hourly: ptr.To(int32(hourly)),
			Daily: ptr.To(int32(daily)), FailedLast: ptr.To(int32(failed)),
		}
		snapshots := snapshotsOf(raw, now)
		decisions := Decide(snapshots, policy, now)
		if len(decisions) != len(snapshots) {
			t.Fatalf("%d snapshots, %d decisions", len(snapshots), len(decisions))
		}
		kept := map[string]bool{}
		for _, d := range decisions {
			if len(d.Reasons) == 0 {
				t.Errorf("%s has no reason", d.Name)
			}
			kept[d.Name] = d.Keep
		}
		newest := -1
		for i, s := range snapshots {
			if _, decided := kept[s.Name]; !decided {
				t.Errorf("%s was forgotten in the answer", s.Name)
			}
			if (s.Hold != "" || s.Unfinished) && !kept[s.Name] {
				t.Errorf("%+v would be dropped", s)
			}
			if !s.Failed && !s.Unfinished && (newest < 0 || s.Time.After(snapshots[newest].Time)) {
				newest = i
			}
		}
		if newest >= 0 && newestDropped(snapshots, kept, snapshots[newest].Time) {
			t.Errorf("the newest success, of %v, would be dropped", snapshots[newest].Time)
		}
		if again := Decide(snapshots, policy, now); !reflect.DeepEqual(again, decisions) {
			t.Errorf("a second time it says %v, not %v", again, decisions)
		}
	})
}

func newestDropped(snapshots []Snapshot, kept map[string]bool, newest time.Time) bool {
	for _, s := range snapshots {
		// Several may be of that very time; one of them is enough.
		if s.Time.Equal(newest) && !s.Failed && !s.Unfinished && kept[s.Name] {
			return false
		}
	}
	return true
}

// snapshotsOf makes a snapshot of each byte: four bits of age, and a bit for each thing that one can be.
func snapshotsOf(raw []byte, now time.Time) []Snapshot {
	snapshots := make([]Snapshot, 0, len(raw))
	for i, b := range raw {
		s := Snapshot{
			Name: fmt.Sprintf("s%d", i), Time: now.Add(-time.Duration(b&15) * 7 * time.Hour),
			Failed: b&16 != 0, Unfinished: b&32 != 0, Verified: b&128 != 0,
		}
		if b&64 != 0 {
			s.Hold = "somebody restores it"
		}
		snapshots = append(snapshots, s)
	}
	return snapshots
}
