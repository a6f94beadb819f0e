// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package size

import (
	"math"
	"testing"
	"time"
)

func TestFormat(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0 B", 806: "806 B", 1024: "1024 B", 1025: "1.001 KiB", 1 << 20: "1024.000 KiB", 1<<20 + 1: "1.000 MiB",
		15406727: "14.693 MiB", 1 << 31: "2.000 GiB", 1 << 41: "2.000 TiB", 1 << 52: "4096.000 TiB", -1: "-1 B",
		math.MaxInt64: "8388608.000 TiB",
	} {
		if got := Format(bytes); got != want {
			t.Errorf("%d: got %q, want %q", bytes, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]int64{
		"0 B": 0, "806 B": 806, "1.001 KiB": 1025, "14.693 MiB": 15406727, "2.000 GiB": 1 << 31, "2.000 TiB": 1 << 41,
	} {
		got, err := Parse(text)
		if err != nil || got != want {
			t.Errorf("%q: got %d, %v; want %d", text, got, err, want)
		}
		if again := Format(got); again != text {
			t.Errorf("%q was read as %d, which is %q", text, got, again)
		}
	}
	for text, want := range map[string]string{
		"":         `reading size "": want a number, a space and one of B, KiB, MiB, GiB, TiB`,
		"5MiB":     `reading size "5MiB": want a number, a space and one of B, KiB, MiB, GiB, TiB`,
		"5 MB":     `reading size "5 MB": unit "MB" is none of B, KiB, MiB, GiB, TiB`,
		"5  MiB":   `reading size "5  MiB": unit " MiB" is none of B, KiB, MiB, GiB, TiB`,
		"x MiB":    `reading size "x MiB": "x" is not an amount`,
		"-5 B":     `reading size "-5 B": "-5" is not an amount`,
		"NaN B":    `reading size "NaN B": "NaN" is not an amount`,
		"Inf B":    `reading size "Inf B": "Inf" is not an amount`,
		"1e30 TiB": `reading size "1e30 TiB": "1e30" is not an amount`,
		"1e999 B":  `reading size "1e999 B": "1e999" is not an amount`,
		" 5 B":     `reading size " 5 B": unit "5 B" is none of B, KiB, MiB, GiB, TiB`,
	} {
		if got, err := Parse(text); err == nil || err.Error() != want {
			t.Errorf("%q: got %d, %v; want %s", text, got, err, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for took, want := range map[time.Duration]string{
		0: "0s", time.Millisecond: "1s", 1400 * time.Millisecond: "1s", 42500 * time.Millisecond: "43s", 65 * time.Second: "1m5s", 2 * time.Hour: "2h0m0s",
	} {
		if got := Duration(took); got != want {
			t.Errorf("%d: got %q, want %q", took, got, want)
		}
	}
}
