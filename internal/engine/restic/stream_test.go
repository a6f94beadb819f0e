// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restic

import (
	"slices"
	"strings"
	"testing"
)

func TestLineWriter(t *testing.T) {
	for name, c := range map[string]struct {
		writes  []string
		limit   int
		want    []string
		dropped int
	}{
		"one line in three pieces":                 {[]string{"ab", "c", "d\n"}, 10, []string{"abcd"}, 0},
		"three lines in one piece":                 {[]string{"a\nb\nc\n"}, 10, []string{"a", "b", "c"}, 0},
		"the last line has no newline":             {[]string{"a\nb"}, 10, []string{"a", "b"}, 0},
		"empty lines are no lines":                 {[]string{"\n \na\r\n"}, 10, []string{"a"}, 0},
		"a line beyond the limit is dropped whole": {[]string{"abc", "def", "ghi\nx\n"}, 5, []string{"x"}, 1},
		"a line of exactly the limit is kept":      {[]string{"abc", "de\n"}, 5, []string{"abcde"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			w := &lineWriter{limit: c.limit, each: func(line []byte) { got = append(got, string(line)) }}
			for _, piece := range c.writes {
				if n, err := w.Write([]byte(piece)); n != len(piece) || err != nil {
					t.Fatalf("Write = %d, %v", n, err)
				}
			}
			w.Flush()
			if !slices.Equal(got, c.want) || w.dropped != c.dropped {
				t.Errorf("got %q, %d dropped; want %q, %d", got, w.dropped, c.want, c.dropped)
			}
		})
	}
}

func TestDecodeMessageRefusesWhatIsNoMessage(t *testing.T) {
	for _, line := range []string{"", "plain words", "{", `{"a":1}`, `[{"message_type":"x"}]`, strings.Repeat("x", 100)} {
		if m, ok := decodeMessage([]byte(line)); ok {
			t.Errorf("decodeMessage(%q) = %+v", line, m)
		}
	}
}
