// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"strings"
	"testing"
	"time"
)

// The next time is after, in the asked zone, the same for everyone who asks, and there is none in between.
func FuzzNext(f *testing.F) {
	for _, seed := range []struct{ expr, zone string }{
		{"*/5 * * * *", ""}, {"30 2 * * *", "Europe/Berlin"}, {"0 0 29 2 *", "UTC"}, {"@every 90m", "Asia/Dhaka"}, {"H H(0-5) * * 1", "America/New_York"},
		{"0 0 31 * *", "Pacific/Apia"}, {"@daily", "Local"}, {"0 0 * * 7", "../etc/passwd"},
	} {
		f.Add(seed.expr, seed.zone, "shop/web/nightly", int64(1774746000))
		f.Add(seed.expr, seed.zone, "", int64(0))
	}
	f.Fuzz(func(t *testing.T, expr, zone, key string, unix int64) {
		// From 1970 to 2262, where a Duration can still say what lies between.
		after := time.Unix((unix%9_000_000_000+9_000_000_000)%9_000_000_000, 0)
		resolved, err := Resolve(expr, key)
		if err != nil || ValidateTimeZone(zone) != nil {
			return
		}
		if strings.Contains(resolved, "H") && !strings.HasPrefix(resolved, "@") && strings.ContainsAny(resolved, "()") {
			t.Fatalf("%q still asks for a hash: %q", expr, resolved)
		}
		if again, err := Resolve(expr, key); err != nil || again != resolved {
			t.Fatalf("%q for %q became %q, then %q, %v", expr, key, resolved, again, err)
		}
		next, err := Next(resolved, zone, after)
		if err != nil {
			if Validate(expr) == nil && !strings.Contains(err.Error(), "no such day") {
				t.Errorf("%q is valid, but: %v", expr, err)
			}
			return
		}
		if !next.After(after) {
			t.Errorf("%q in %q: %v is not after %v", resolved, zone, next, after)
		}
		if strings.HasPrefix(resolved, "@every") {
			return
		}
		if between, err := Next(resolved, zone, next.Add(-time.Second)); err != nil || !between.Equal(next) {
			t.Errorf("%q in %q: just before %v the next time is %v, %v", resolved, zone, next, between, err)
		}
	})
}

// Whatever a person names a time zone, nothing but a place or UTC is taken, and no file is read by its path.
func FuzzTimeZone(f *testing.F) {
	for _, seed := range []string{"", "UTC", "Europe/Berlin", "Local", "/etc/localtime", "../../etc/passwd", "Europe\\Berlin", "Europe/Berlin\x00", "+02:00", "utc"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if ValidateTimeZone(name) != nil {
			return
		}
		if strings.Contains(name, "..") || strings.HasPrefix(name, "/") || strings.ContainsAny(name, "\\\x00\n") || strings.EqualFold(name, "local") {
			t.Errorf("%q is taken for a time zone", name)
		}
		next, err := Next("0 3 * * *", name, time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC))
		if err != nil || next.Hour() != 3 {
			t.Errorf("%q: three o'clock is %v, %v", name, next, err)
		}
	})
}
