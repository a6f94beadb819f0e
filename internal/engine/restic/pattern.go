// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restic

import (
	"path/filepath"
	"slices"
	"strings"
)

// rebase rewrites patterns that people write for whole paths ("/source/data/logs") into patterns for
// paths below folder ("/data/logs" for folder /source), as restic matches them against the latter when it
// restores a subfolder. A pattern that can't match below folder is dropped. When one selects folder
// itself, everything below it is selected, and rebase says so instead.
func rebase(patterns []string, folder string) (rewritten []string, everything bool) {
	above := split(folder)
	if len(above) == 0 {
		return slices.Clone(patterns), false
	}
	for _, pattern := range patterns {
		bare, negated := strings.CutPrefix(pattern, "!")
		out, whole := rebaseOne(bare, above)
		if whole && !negated {
			return nil, true
		}
		for _, p := range out {
			if negated {
				p = "!" + p
			}
			if !slices.Contains(rewritten, p) {
				rewritten = append(rewritten, p)
			}
		}
	}
	return rewritten, false
}

// rebaseOne treats a relative pattern as restic does: it may begin at any depth.
func rebaseOne(pattern string, above []string) (out []string, whole bool) {
	parts := split(pattern)
	if strings.HasPrefix(pattern, "/") {
		return consume(parts, above)
	}
	out = append(out, pattern)
	for start := range above {
		more, all := consume(parts, above[start:])
		if all {
			return nil, true
		}
		out = append(out, more...)
	}
	return out, false
}

// consume matches the pattern's first elements against the folder's. What is left of the pattern is
// anchored below the folder. The elements of the pattern that may come next are kept as a set: so many "**" would
// make as many ways to get there, and each way leads to the same rest.
func consume(pattern, above []string) (out []string, whole bool) {
	next := beyondAny(map[int]bool{0: true}, pattern)
	for _, element := range above {
		if next[len(pattern)] {
			return nil, true
		}
		reached := map[int]bool{}
		for at := range next {
			switch {
			case pattern[at] == "**":
				// It swallows the element and stays.
				reached[at] = true
			case matches(pattern[at], element):
				reached[at+1] = true
			}
		}
		next = beyondAny(reached, pattern)
	}
	if next[len(pattern)] {
		return nil, true
	}
	for at := len(pattern) - 1; at >= 0; at-- {
		// What follows a "**" that may come next is part of what that means.
		if next[at] && (at == 0 || !next[at-1] || pattern[at-1] != "**") {
			out = append(out, "/"+strings.Join(pattern[at:], "/"))
		}
	}
	return out, false
}

// beyondAny adds what stands behind a "**", which may swallow nothing.
func beyondAny(at map[int]bool, pattern []string) map[int]bool {
	for i, element := range pattern {
		if at[i] && element == "**" {
			at[i+1] = true
		}
	}
	return at
}

// matches is false for a malformed pattern; restic itself reports it when it is all that is left.
func matches(pattern, element string) bool {
	ok, err := filepath.Match(pattern, element)
	return err == nil && ok
}

func split(p string) []string {
	var out []string
	for element := range strings.SplitSeq(p, "/") {
		if element != "" {
			out = append(out, element)
		}
	}
	return out
}
