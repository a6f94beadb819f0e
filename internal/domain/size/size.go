// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package size

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

var binaryUnits = []struct {
	name  string
	bytes int64
}{
	{"TiB", 1 << 40},
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
}

// Format writes bytes as sizes are published: "14.693 MiB", "806 B". A unit is used strictly above one of it, so 1024 is
// "1024 B".
func Format(bytes int64) string {
	for _, unit := range binaryUnits {
		if bytes > unit.bytes {
			return fmt.Sprintf("%.3f %s", float64(bytes)/float64(unit.bytes), unit.name)
		}
	}
	return strconv.FormatInt(bytes, 10) + " B"
}

// Parse reads what Format writes, back to bytes; what was rounded stays rounded. The empty string is an error: it
// means that nobody has measured.
func Parse(text string) (int64, error) {
	number, unit, found := strings.Cut(text, " ")
	if !found {
		return 0, fmt.Errorf("reading size %q: want a number, a space and one of B, KiB, MiB, GiB, TiB", text)
	}
	factor := int64(0)
	if unit == "B" {
		factor = 1
	}
	for _, known := range binaryUnits {
		if unit == known.name {
			factor = known.bytes
		}
	}
	if factor == 0 {
		return 0, fmt.Errorf("reading size %q: unit %q is none of B, KiB, MiB, GiB, TiB", text, unit)
	}
	value, err := strconv.ParseFloat(number, 64)
	bytes := math.Round(value * float64(factor))
	if err != nil || !(bytes >= 0 && bytes < math.MaxInt64) {
		return 0, fmt.Errorf("reading size %q: %q is not an amount", text, number)
	}
	return int64(bytes), nil
}

// Duration writes how long something took, in whole seconds: "42s", "1m5s". What took any time at all took a second.
func Duration(took time.Duration) string {
	if took > 0 && took < time.Second {
		took = time.Second
	}
	return took.Round(time.Second).String()
}
