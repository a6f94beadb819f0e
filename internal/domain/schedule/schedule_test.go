// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestResolve(t *testing.T) {
	for sentence, row := range map[string]struct{ in, want string }{
		"a plain schedule stays":         {"*/5 * * * *", "*/5 * * * *"},
		"space is normalised":            {"  0 \t 3 * * * ", "0 3 * * *"},
		"names of days and months stay":  {"0 3 * MAR THU", "0 3 * MAR THU"},
		"@hourly":                        {"@hourly", "0 * * * *"},
		"@daily":                         {"@daily", "0 0 * * *"},
		"@weekly":                        {"@weekly", "0 0 * * 0"},
		"@monthly":                       {"@monthly", "0 0 1 * *"},
		"@yearly":                        {"@yearly", "0 0 1 1 *"},
		"@every stays":                   {"@every 1h30m", "@every 1h30m"},
		"a range of one value":           {"H(7-7) * * * *", "7 * * * *"},
		"a range of one value in a list": {"H(7-7),30 H(3-3) H(31-31) * H(0-0)", "7,30 3 31 * 0"},
		"every one":                      {"H/1 * * * *", "0-59/1 * * * *"},
		// These three are promises: another value would move everybody's backups at an upgrade.
		"a stable minute and hour": {"H H * * *", "52 13 * * *"},
		"a stable start":           {"H/15 * * * *", "7-59/15 * * * *"},
		"a stable day and weekday": {"0 3 H * H", "0 3 12 * 3"},
	} {
		got, err := Resolve(row.in, "demo/sample-backup/frequent")
		if err != nil || got != row.want {
			t.Errorf("%s: got %q, %v; want %q", sentence, got, err, row.want)
		}
	}
}

func TestHashedValuesStayInRangeAndSpread(t *testing.T) {
	seen := map[string]int{}
	for i := range 600 {
		key := fmt.Sprintf("demo/sample-%d/daily", i)
		for _, expr := range []string{"H H H H H", "H(10-20)/5 H(0-5) H/28 H/6 H(1-5)", "H/59 * * * *"} {
			resolved, err := Resolve(expr, key)
			if err != nil {
				t.Fatalf("%q for %s: %v", expr, key, err)
			}
			if err := Validate(resolved); err != nil {
				t.Errorf("%q for %s became %q: %v", expr, key, resolved, err)
			}
			if expr[:4] == "H H " {
				seen[strings.Fields(resolved)[0]]++
			}
		}
	}
	for minute, count := range seen {
		if count > 30 {
			t.Errorf("minute %s was taken %d times of 600", minute, count)
		}
	}
	if len(seen) != 60 {
		t.Errorf("%d of 60 minutes were taken", len(seen))
	}
}

func TestValidate(t *testing.T) {
	for expr, want := range map[string]string{
		"*/5 * * * *":                       "",
		"H H(1-5) * * MON-FRI":              "",
		"0 0 29 2 *":                        "",
		"@every 5m":                         "",
		"":                                  "reading schedule: it is empty",
		"   ":                               "reading schedule: it is empty",
		"often":                             `reading schedule "often": want 5 fields (minute hour day month weekday), found 1`,
		"0 0 3 * * *":                       `reading schedule "0 0 3 * * *": want 5 fields (minute hour day month weekday), found 6`,
		"60 * * * *":                        `reading schedule "60 * * * *": end of range (60) above maximum (59): 60`,
		"* * 30 2 *":                        `reading schedule "* * 30 2 *": no such day ever comes`,
		"@fortnightly":                      `reading schedule "@fortnightly": unknown; there are @yearly, @monthly, @weekly, @daily, @hourly and @every`,
		"@every often":                      "",
		"CRON_TZ=UTC 0 3 * * *":             `reading schedule "CRON_TZ=UTC 0 3 * * *": a time zone doesn't belong here; use timeZone`,
		"TZ=":                               `reading schedule "TZ=": a time zone doesn't belong here; use timeZone`,
		"H(5 * * * *":                       `reading schedule "H(5 * * * *": minute "H(5" is none of H, H(a-b), H/n and H(a-b)/n`,
		"HH * * * *":                        `reading schedule "HH * * * *": minute "HH" is none of H, H(a-b), H/n and H(a-b)/n`,
		"* H(0-24) * * *":                   `reading schedule "* H(0-24) * * *": hour "H(0-24)" is not a range within 0-23`,
		"* * H(5-1) * *":                    `reading schedule "* * H(5-1) * *": day of the month "H(5-1)" is not a range within 1-31`,
		"H/0 * * * *":                       `reading schedule "H/0 * * * *": minute "H/0" has a step outside 1-60`,
		"H/61 * * * *":                      `reading schedule "H/61 * * * *": minute "H/61" has a step outside 1-60`,
		"H(0-9)/11 * * * *":                 `reading schedule "H(0-9)/11 * * * *": minute "H(0-9)/11" has a step outside 1-10`,
		"H(99999999999999999999-1) * * * *": `reading schedule "H(99999999999999999999-1) * * * *": minute "H(99999999999999999999-1)" is not a range within 0-59`,
	} {
		err := Validate(expr)
		switch {
		case expr == "@every often":
			if err == nil {
				t.Errorf("%q is fine", expr)
			}
		case want == "" && err != nil, want != "" && (err == nil || err.Error() != want):
			t.Errorf("%q: got %v, want %s", expr, err, want)
		}
	}
}

func TestNext(t *testing.T) {
	at := func(s string) time.Time {
		parsed, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	for sentence, row := range map[string]struct{ expr, zone, after, want string }{
		"the next slot":                          {"*/5 * * * *", "", "2026-03-01T10:02:00Z", "2026-03-01T10:05:00Z"},
		"a slot itself is past":                  {"*/5 * * * *", "", "2026-03-01T10:05:00Z", "2026-03-01T10:10:00Z"},
		"in a time zone":                         {"0 3 * * *", "Europe/Berlin", "2026-01-10T00:00:00Z", "2026-01-10T02:00:00Z"},
		"in a time zone in summer":               {"0 3 * * *", "Europe/Berlin", "2026-07-10T00:00:00Z", "2026-07-10T01:00:00Z"},
		"an hour that a change of clocks skips":  {"30 2 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-30T00:30:00Z"},
		"a leap day":                             {"0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"},
		"an interval counts from the given time": {"@every 90m", "", "2026-03-01T10:00:00Z", "2026-03-01T11:30:00Z"},
		"an empty zone is UTC":                   {"0 3 * * *", "", "2026-01-10T04:00:00+02:00", "2026-01-10T03:00:00Z"},
	} {
		got, err := Next(row.expr, row.zone, at(row.after))
		if err != nil || !got.Equal(at(row.want)) {
			t.Errorf("%s: got %v, %v; want %s", sentence, got, err, row.want)
		}
	}
	for sentence, row := range map[string]struct{ expr, zone string }{
		"H isn't resolved":     {"H * * * *", ""},
		"a day that never is":  {"0 0 30 2 *", ""},
		"an unknown time zone": {"* * * * *", "Europe/Atlantis"},
	} {
		if got, err := Next(row.expr, row.zone, at("2026-01-01T00:00:00Z")); err == nil {
			t.Errorf("%s: got %v", sentence, got)
		}
	}
}

func TestValidateTimeZone(t *testing.T) {
	for name, want := range map[string]bool{
		"": true, "UTC": true, "Asia/Dhaka": true, "Local": false, "local": false, "Mars/Base": false, "../etc/passwd": false, "+02:00": false,
	} {
		if err := ValidateTimeZone(name); (err == nil) != want {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func FuzzValidate(f *testing.F) {
	for _, seed := range []string{"H/5 * * * *", "@every 1s", "TZ=UTC", "@", "* * * * */", ", - / ? *", "H(0-0)/1,H 1-2/3 * * *"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		if Validate(expr) != nil {
			return
		}
		resolved, err := Resolve(expr, "key")
		if err != nil {
			t.Fatalf("%q is valid, but: %v", expr, err)
		}
		if again, err := Resolve(resolved, "other"); err != nil || again != resolved {
			t.Errorf("%q resolved to %q, and that to %q, %v", expr, resolved, again, err)
		}
	})
}
