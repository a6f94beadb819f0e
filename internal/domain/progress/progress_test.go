// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"math"
	"testing"
)

func TestAmount(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0B", 806: "806B", 999: "999B", 1000: "1kB", 1024: "1.024kB", 2746000: "2.746MB", 13500000: "13.5MB",
		1 << 30: "1.074GB", 5e12: "5TB", math.MaxInt64: "9.223EB",
	} {
		if got := Amount(bytes); got != want {
			t.Errorf("%d: got %q, want %q", bytes, got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for sentence, row := range map[string]struct {
		done, total int64
		want        string
	}{
		"a part":                       {425, 1000, "42.50%"},
		"all":                          {7, 7, "100.00%"},
		"a tiny part":                  {1, 1000000, "0.00%"},
		"nothing yet":                  {0, 7, ""},
		"an unknown total":             {7, 0, ""},
		"more than was scanned so far": {8, 7, "100.00%"},
		"no nonsense":                  {-1, 7, ""},
	} {
		if got := Percent(row.done, row.total); got != row.want {
			t.Errorf("%s: got %q, want %q", sentence, got, row.want)
		}
	}
}

func TestSpeed(t *testing.T) {
	for sentence, row := range map[string]struct {
		bytes, seconds int64
		want           string
	}{
		"some":                    {27000000, 2, "13.5MB/s"},
		"before the first second": {27000000, 0, ""},
		"before the first byte":   {0, 5, ""},
	} {
		if got := Speed(row.bytes, row.seconds); got != row.want {
			t.Errorf("%s: got %q, want %q", sentence, got, row.want)
		}
	}
}
