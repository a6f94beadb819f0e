// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package compat

import "strings"

// Row says what becomes of a field, or of all fields below it, unless a longer row says otherwise.
type Row struct {
	Kind, Path string
	// Test shows the field at work, or that it is refused.
	Test Test
	// Refused are the words with which it is refused, as the source has them; empty for a field that works. Seen is what
	// the test looks for; empty means the same words.
	Refused, Seen string
	// As names the fields of another kind that these are the same as.
	As string
	// Note is for the reader.
	Note string
}

// Test is one that exists: a file, and the function, the spec or the story in it. A file of testdata is a story by itself.
type Test struct{ File, Name string }

// Find returns the row of a field: of those that it lies in, the one with the longest path.
func Find(kind, path string) (Row, bool) {
	var best Row
	found := false
	for _, row := range Rows {
		if row.Kind == kind && covers(row.Path, path) && (!found || len(row.Path) > len(best.Path)) {
			best, found = row, true
		}
	}
	return best, found
}

// covers reports whether a field is path or lies below it.
func covers(path, field string) bool {
	rest, below := strings.CutPrefix(field, path)
	return below && (path == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}

// works is a row of a field that works.
func works(kind, path string, test Test, note ...string) Row {
	return Row{Kind: kind, Path: path, Test: test, Note: strings.Join(note, " ")}
}

// refused is a row of a field that is refused, in these words, as the test sees.
func refused(kind, path, words, seen string, test Test) Row {
	return Row{Kind: kind, Path: path, Test: test, Refused: words, Seen: seen}
}

// same is a row of fields that are those of another kind.
func same(kind, path, as string, test Test) Row {
	return Row{Kind: kind, Path: path, As: as, Test: test}
}
