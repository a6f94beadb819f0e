// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restic

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kubestash.com/kubestash/internal/engine"
)

// The lines don't depend on the pieces in which they come, and never take more than a line's memory.
func FuzzLines(f *testing.F) {
	f.Add([]byte("{\"message_type\":\"status\"}\nplain\r\n\n  \nlast"), 3, 40)
	f.Add([]byte("\n\n\n"), 1, 1)
	f.Add([]byte(strings.Repeat("x", 100)+"\ny"), 7, 10)
	f.Fuzz(func(t *testing.T, output []byte, piece, limit int) {
		piece, limit = max(piece%1024, 1), max(limit%256, 1)
		read := func(size int) (lines []string, w *lineWriter) {
			w = &lineWriter{limit: limit, each: func(line []byte) { lines = append(lines, string(line)) }}
			for part := range slices.Chunk(output, size) {
				if n, err := w.Write(part); n != len(part) || err != nil {
					t.Fatalf("Write of %d bytes: %d, %v", len(part), n, err)
				}
				if len(w.buf) > limit {
					t.Fatalf("%d bytes are kept of a line of at most %d", len(w.buf), limit)
				}
			}
			w.Flush()
			return lines, w
		}
		whole, one := read(max(len(output), 1))
		parts, other := read(piece)
		if !slices.Equal(whole, parts) || one.dropped != other.dropped {
			t.Errorf("%q in pieces of %d is %q, whole %q", output, piece, parts, whole)
		}
		for _, line := range whole {
			if len(line) > limit || strings.Contains(line, "\n") || strings.TrimSpace(line) == "" {
				t.Errorf("%q is no line of at most %d bytes", line, limit)
			}
		}
	})
}

// What restic says in its complaints is bounded, can be printed, and is a class, whatever it says.
func FuzzComplaint(f *testing.F) {
	for _, seed := range []string{
		`{"message_type":"error","error":{"message":"open /a: permission denied"},"during":"archival","item":"/a"}`,
		`{"message_type":"exit_error","code":1,"message":"Fatal: unable to open config file: Stat: 403 Forbidden"}`,
		"Fatal: wrong password\n\x1b[31mred\x1b[0m", "{", `{"message_type":5}`, `{"message_type":"error","error":"text"}`,
		"unable to create lock in backend: repository is already locked by PID 7 on pod by (UID 0)\nthe `unlock` command",
	} {
		f.Add([]byte(seed), 1)
		f.Add([]byte(seed), 11)
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, stderr []byte, code int) {
		o := outcome{started: true, code: code % 256}
		w := &lineWriter{limit: maxComplaint, each: o.stderr.add}
		for range maxKept + 2 {
			if _, err := w.Write(append(stderr, '\n')); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		if len(o.stderr.items) > maxKept || len(o.stderr.words) > maxKept {
			t.Errorf("%d items and %d lines are kept", len(o.stderr.items), len(o.stderr.words))
		}
		err := (&Client{}).failure("backing up /source", o)
		if (err == nil) != (o.code == 0) {
			t.Fatalf("exit code %d with %q: %v", o.code, stderr, err)
		}
		if err == nil {
			return
		}
		if class := engine.ClassOf(err); class == "" {
			t.Errorf("%q has no class", stderr)
		}
		if message := err.Error(); len(message) > 4*maxMessage || utf8.Valid(stderr) && !utf8.ValidString(message) {
			t.Errorf("%q became %q", stderr, message)
		}
		if code%256 == exitLocked && strings.Contains(err.Error(), "`unlock`") {
			t.Errorf("%q advises to unlock", err)
		}
	})
}

// A message is decoded from an object with a type only, and numbers of restic's come through as they are.
func FuzzMessage(f *testing.F) {
	f.Add([]byte(`{"message_type":"summary","snapshot_id":"ab","total_files_processed":3,"backup_start":"2026-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"message_type":"status","total_bytes":18446744073709551615}`))
	f.Add([]byte(`{"message_type":"status"} {"message_type":"summary"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		m, ok := decodeMessage(line)
		if ok != (m.Type != "") {
			t.Errorf("%q: %v, %+v", line, ok, m)
		}
	})
}

// Whatever the pattern: it is rewritten soon, into few, and a pattern that is the path itself selects everything.
func FuzzRebase(f *testing.F) {
	for _, seed := range [][2]string{
		{"/source/data/logs", "/source"}, {"**/*.log", "/a/b/c"}, {"!/source", "/source"}, {"[", "/["}, {"/", "/"}, {"", "/a"}, {"a//b/", "//a/"},
		{strings.Repeat("**/", 40) + "x", "/a/b/c/d/e/f/g/h/i/j/k/l"}, {strings.Repeat("**/a/", 20), strings.Repeat("/a", 25)},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, folder string) {
		if len(pattern)+len(folder) > 400 {
			return
		}
		start := time.Now()
		rewritten, everything := rebase([]string{pattern}, folder)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%q below %q took %v", pattern, folder, took)
		}
		if everything && rewritten != nil {
			t.Errorf("%q below %q is everything and %q", pattern, folder, rewritten)
		}
		if len(rewritten) > len(pattern)+len(folder)+1 {
			t.Errorf("%q below %q became %d patterns", pattern, folder, len(rewritten))
		}
		if strings.ContainsAny(folder, `*?[\!`) || strings.Trim(folder, "/") == "" {
			return
		}
		if _, everything := rebase([]string{"/" + folder}, folder); !everything {
			t.Errorf("%q does not select itself", folder)
		}
		if got, _ := rebase([]string{"/" + folder + "/x"}, folder); !slices.Equal(got, []string{"/x"}) {
			t.Errorf("x below %q is %q", folder, got)
		}
	})
}
