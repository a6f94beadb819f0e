// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package size

import "testing"

// What is written is read as about as much, and what is written again is the same text.
func FuzzSize(f *testing.F) {
	for _, seed := range []int64{0, 1, 1024, 1025, 1 << 20, 1<<40 + 1, 1<<63 - 1} {
		f.Add(seed, "14.693 MiB")
	}
	for _, text := range []string{"", "1", "-1 B", "NaN B", "1e400 TiB", "Inf KiB", "0x1p3 MiB", "1  B"} {
		f.Add(int64(5), text)
	}
	f.Fuzz(func(t *testing.T, bytes int64, text string) {
		if parsed, err := Parse(text); err == nil && parsed < 0 || err != nil && parsed != 0 {
			t.Errorf("%q is %d, %v", text, parsed, err)
		}
		if bytes < 0 {
			return
		}
		written := Format(bytes)
		read, err := Parse(written)
		if err != nil {
			// More than a number of bytes can say.
			if bytes < 1<<62 {
				t.Errorf("%d is written %q: %v", bytes, written, err)
			}
			return
		}
		if off := float64(read-bytes) / float64(max(bytes, 1)); off > 0.001 || off < -0.001 {
			t.Errorf("%d is written %q and read as %d", bytes, written, read)
		}
	})
}
