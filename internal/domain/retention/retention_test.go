// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package retention

import (
	"flag"
	"fmt"
	"math"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the stories' decisions")

func TestParsePeriod(t *testing.T) {
	for period, want := range map[string]time.Duration{
		"": 0, "  ": 0, "30d": 30 * day, "1y": 365 * day, "2mo": 60 * day, "2m": 2 * time.Minute, "3w": 21 * day,
		"1y2mo3w4d5h6m": 365*day + 60*day + 21*day + 4*day + 5*time.Hour + 6*time.Minute,
		" 12h ":         12 * time.Hour, "1d 12h": 36 * time.Hour, "1d2d": 2 * day, "-1d": -day, "1y-1d": 364 * day,
		"1000y": math.MaxInt64, "-1000y": math.MinInt64, "0d": 0, "6mo1m": 180*day + time.Minute,
	} {
		got, err := ParsePeriod(period)
		if err != nil || got != want {
			t.Errorf("%q: got %v, %v; want %v", period, got, err, want)
		}
	}
	for period, want := range map[string]string{
		"30":                    `reading period "30": want a unit (y, mo, w, d, h, m) after 30`,
		"30s":                   `reading period "30s": want a unit (y, mo, w, d, h, m) after 30`,
		"d":                     `reading period "d": want a whole number before "d"`,
		"1.5d":                  `reading period "1.5d": want a unit (y, mo, w, d, h, m) after 1`,
		"1 d":                   `reading period "1 d": want a unit (y, mo, w, d, h, m) after 1`,
		"1d7":                   `reading period "1d7": want a unit (y, mo, w, d, h, m) after 7`,
		"--1d":                  `reading period "--1d": want a whole number before "--1d"`,
		"1-1d":                  `reading period "1-1d": want a whole number before "1-1d"`,
		"1Y":                    `reading period "1Y": want a unit (y, mo, w, d, h, m) after 1`,
		"never":                 `reading period "never": want a whole number before "never"`,
		"99999999999999999999d": `reading period "99999999999999999999d": want a whole number before "99999999999999999999d"`,
	} {
		if got, err := ParsePeriod(period); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, %v; want %s", period, got, err, want)
		}
	}
}

func TestFormatPeriodIsReadBack(t *testing.T) {
	for period, want := range map[string]string{"1y": "365d", "2mo": "60d", "90m": "1h30m", "": "0m", "-36h": "-1d-12h"} {
		parsed, err := ParsePeriod(period)
		if got := FormatPeriod(parsed); err != nil || got != want {
			t.Errorf("%q: got %q, %v; want %q", period, got, err, want)
		}
	}
}

// A story is a file of testdata: what there is, what the policy says, and, below the line, what is decided.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.story")
	if err != nil || len(files) < 10 {
		t.Fatalf("found %d stories, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".story"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			told, want, _ := strings.Cut(string(content), "---\n")
			snapshots, policy, now := readStory(t, told)
			var got strings.Builder
			for _, decision := range Decide(snapshots, policy, now) {
				verb := "drop"
				if decision.Keep {
					verb = "keep"
				}
				fmt.Fprintf(&got, "%s %s: %s\n", verb, decision.Name, strings.Join(decision.Reasons, "; "))
			}
			if *update {
				if err := os.WriteFile(file, []byte(told+"---\n"+got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got.String() != want {
				t.Errorf("decided:\n%swant:\n%s", got.String(), want)
			}
		})
	}
}

func readStory(t *testing.T, told string) (snapshots []Snapshot, policy Policy, now time.Time) {
	t.Helper()
	at := func(date, clock, zone string) time.Time {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := time.ParseInLocation("2006-01-02 15:04", date+" "+clock, location)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	for line := range strings.Lines(told) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		switch words[0] {
		case "now":
			now = at(words[1], words[2], words[3])
		case "policy":
			policy = readPolicy(t, words[1:])
		case "has":
			snapshot := Snapshot{Name: words[1], Time: at(words[2], words[3], "UTC")}
			for _, word := range words[4:] {
				switch word {
				case "succeeded":
				case "failed":
					snapshot.Failed = true
				case "pinned":
					snapshot.Hold = "pinned"
				case "verified":
					snapshot.Verified = true
				case "unfinished":
					snapshot.Unfinished = true
				default:
					t.Fatalf("what is %q?", line)
				}
			}
			snapshots = append(snapshots, snapshot)
		default:
			t.Fatalf("what is %q?", line)
		}
	}
	return snapshots, policy, now
}

func readPolicy(t *testing.T, words []string) Policy {
	t.Helper()
	var policy Policy
	counts := map[string]**int32{
		"last": &policy.Last, "hourly": &policy.Hourly, "daily": &policy.Daily, "weekly": &policy.Weekly,
		"monthly": &policy.Monthly, "yearly": &policy.Yearly, "failed": &policy.FailedLast,
	}
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		var err error
		switch key {
		case "max":
			policy.MaxRetentionPeriod, err = ParsePeriod(value)
		case "zone":
			policy.Zone, err = time.LoadLocation(value)
		default:
			count := new(int32)
			_, err = fmt.Sscan(value, count)
			*counts[key] = count
		}
		if err != nil {
			t.Fatalf("%q: %v", word, err)
		}
	}
	return policy
}

func TestWhateverThePolicyTheLastSuccessStays(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for range 2000 {
		var snapshots []Snapshot
		newest := -1
		for i := range random.Intn(12) {
			snapshot := Snapshot{
				Name:       fmt.Sprint("s", i),
				Time:       now.Add(-time.Duration(random.Intn(5000)) * time.Hour),
				Failed:     random.Intn(3) == 0,
				Unfinished: random.Intn(4) == 0,
			}
			if random.Intn(9) == 0 {
				snapshot.Hold = "pinned"
			}
			if !snapshot.Failed && !snapshot.Unfinished && (newest < 0 || snapshot.Time.After(snapshots[newest].Time)) {
				newest = i
			}
			snapshots = append(snapshots, snapshot)
		}
		number := func() *int32 {
			if n := random.Int31n(6) - 2; n >= -1 {
				return &n
			}
			return nil
		}
		policy := Policy{
			MaxRetentionPeriod: time.Duration(random.Intn(200)-20) * 24 * time.Hour,
			Last:               number(), Hourly: number(), Daily: number(), Weekly: number(), Monthly: number(), Yearly: number(), FailedLast: number(),
		}
		decisions := Decide(snapshots, policy, now)
		if len(decisions) != len(snapshots) {
			t.Fatalf("%d decisions for %d snapshots", len(decisions), len(snapshots))
		}
		dropped := map[string]bool{}
		for _, name := range Dropped(decisions) {
			dropped[name] = true
		}
		for i, snapshot := range snapshots {
			if dropped[snapshot.Name] && (i == newest || snapshot.Hold != "" || snapshot.Unfinished) {
				t.Fatalf("%+v was dropped by %+v of %+v", snapshot, policy, snapshots)
			}
		}
		for _, decision := range decisions {
			if len(decision.Reasons) == 0 {
				t.Fatalf("no reason for %+v", decision)
			}
		}
	}
}
