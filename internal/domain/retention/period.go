// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package retention

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

var periodUnits = []struct {
	name     string
	duration time.Duration
}{
	// "mo" stands before "m": both fit "2mo".
	{"mo", 30 * day},
	{"y", 365 * day},
	{"w", 7 * day},
	{"d", day},
	{"h", time.Hour},
	{"m", time.Minute},
}

// ParsePeriod reads a retention period such as "1y6mo" or "30d": whole numbers, each with a unit: y (365 days),
// mo (30 days), w, d, h, m (minutes). The empty period is zero. As published, numbers may be negative, and a unit that
// comes again replaces what it said before. More than 290 years are as good as for ever: the longest Duration.
func ParsePeriod(period string) (time.Duration, error) {
	rest := strings.TrimSpace(period)
	said := map[string]int{}
	for rest != "" {
		digits := len(rest) - len(strings.TrimLeft(rest, "-0123456789"))
		number, err := strconv.Atoi(rest[:digits])
		if err != nil {
			return 0, fmt.Errorf("reading period %q: want a whole number before %q", period, rest)
		}
		rest = rest[digits:]
		unit, found := unitOf(rest)
		if !found {
			return 0, fmt.Errorf("reading period %q: want a unit (y, mo, w, d, h, m) after %d", period, number)
		}
		said[unit] = number
		rest = strings.TrimSpace(rest[len(unit):])
	}
	var total float64
	for _, unit := range periodUnits {
		total += float64(said[unit.name]) * float64(unit.duration)
	}
	switch {
	case total >= math.MaxInt64:
		return math.MaxInt64, nil
	case total <= math.MinInt64:
		return math.MinInt64, nil
	}
	// Whole numbers of minutes are exact far beyond a Duration's range.
	return time.Duration(total/float64(time.Minute)) * time.Minute, nil
}

func unitOf(text string) (name string, found bool) {
	for _, unit := range periodUnits {
		if strings.HasPrefix(text, unit.name) {
			return unit.name, true
		}
	}
	return "", false
}

// FormatPeriod prints a period in the grammar that ParsePeriod reads, without years and months: they are no fixed
// number of days to a reader. Seconds are dropped.
func FormatPeriod(period time.Duration) string {
	var text strings.Builder
	// Each number has a sign of its own, so each keeps it: "-1d2h" would be 22 hours.
	sign, rest := "", period.Truncate(time.Minute)
	if rest < 0 {
		sign, rest = "-", -rest
	}
	for _, unit := range []struct {
		name     string
		duration time.Duration
	}{{"d", day}, {"h", time.Hour}, {"m", time.Minute}} {
		if number := rest / unit.duration; number > 0 {
			fmt.Fprintf(&text, "%s%d%s", sign, number, unit.name)
			rest %= unit.duration
		}
	}
	if text.Len() == 0 {
		return "0m"
	}
	return text.String()
}
