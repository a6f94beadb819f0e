// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // A time zone must mean the same in an image without zone files.

	"github.com/robfig/cron/v3"
)

// Validate returns what is wrong with a schedule, nil when it can be resolved and has a next time.
func Validate(expr string) error {
	// Which values H takes doesn't matter for that.
	resolved, err := Resolve(expr, "")
	if err != nil {
		return err
	}
	parsed, err := parse(resolved)
	if err != nil {
		return err
	}
	// The parser looks five years ahead, which includes a 29th of February.
	if parsed.Next(time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return fmt.Errorf("reading schedule %q: no such day ever comes", expr)
	}
	return nil
}

// ValidateTimeZone returns what is wrong with the name of a time zone. The empty name is the zone of the
// controller that runs CronJobs, usually UTC, and is fine.
func ValidateTimeZone(name string) error {
	_, err := location(name)
	return err
}

// Resolve returns the schedule that a CronJob gets: H replaced by numbers that depend on key only, and
// descriptors such as @daily as five fields. The key is who the schedule is for: "namespace/name/session".
// "@every 90m" has no five fields and stays; H can't be used in it.
func Resolve(expr, key string) (string, error) {
	trimmed := strings.TrimSpace(expr)
	if trimmed == "" {
		return "", errors.New("reading schedule: it is empty")
	}
	if strings.Contains(trimmed, "TZ=") {
		return "", fmt.Errorf("reading schedule %q: a time zone doesn't belong here; use timeZone", expr)
	}
	if strings.HasPrefix(trimmed, "@") {
		return descriptor(trimmed)
	}
	words := strings.Fields(trimmed)
	if len(words) != len(fields) {
		return "", fmt.Errorf("reading schedule %q: want 5 fields (minute hour day month weekday), found %d", expr, len(words))
	}
	for i, word := range words {
		resolved, err := fields[i].resolve(word, key)
		if err != nil {
			return "", fmt.Errorf("reading schedule %q: %w", expr, err)
		}
		words[i] = resolved
	}
	resolved := strings.Join(words, " ")
	if _, err := parse(resolved); err != nil {
		return "", err
	}
	return resolved, nil
}

// Next returns the first time after the given one. The schedule must be resolved. An empty timeZone is UTC.
// The result is in that time zone; it is an error when no such day ever comes.
func Next(expr, timeZone string, after time.Time) (time.Time, error) {
	zone, err := location(timeZone)
	if err != nil {
		return time.Time{}, err
	}
	parsed, err := parse(expr)
	if err != nil {
		return time.Time{}, err
	}
	next := parsed.Next(after.In(zone))
	if next.IsZero() {
		return time.Time{}, fmt.Errorf("reading schedule %q: no such day ever comes", expr)
	}
	return next, nil
}

var descriptors = map[string]string{
	"@yearly":   "0 0 1 1 *",
	"@annually": "0 0 1 1 *",
	"@monthly":  "0 0 1 * *",
	"@weekly":   "0 0 * * 0",
	"@daily":    "0 0 * * *",
	"@midnight": "0 0 * * *",
	"@hourly":   "0 * * * *",
}

func descriptor(expr string) (string, error) {
	if resolved, known := descriptors[expr]; known {
		return resolved, nil
	}
	if strings.HasPrefix(expr, "@every ") {
		_, err := parse(expr)
		return expr, err
	}
	return "", fmt.Errorf("reading schedule %q: unknown; there are @yearly, @monthly, @weekly, @daily, @hourly and @every", expr)
}

func parse(expr string) (parsed cron.Schedule, err error) {
	// The parser indexes into what it has split without looking; the text is a user's.
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("reading schedule %q: it is malformed", expr)
		}
	}()
	if strings.Contains(expr, "TZ=") {
		return nil, fmt.Errorf("reading schedule %q: a time zone doesn't belong here; use timeZone", expr)
	}
	parsed, err = cron.ParseStandard(expr)
	if err != nil {
		return nil, fmt.Errorf("reading schedule %q: %w", expr, err)
	}
	return parsed, nil
}

func location(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	// Local is whatever the machine happens to be set to, so the API server refuses it too.
	if strings.EqualFold(name, "local") {
		return nil, fmt.Errorf("reading time zone %q: it names no place; use one such as Europe/Berlin or UTC", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("reading time zone %q: it is unknown; use a name such as Europe/Berlin or UTC", name)
	}
	return zone, nil
}
