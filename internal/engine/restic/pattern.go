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
	if strings.HasPrefix(pattern, "/") {
		return consume(split(pattern), above)
	}
	parts := split(pattern)
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
// anchored below the folder.
func consume(pattern, above []string) (out []string, whole bool) {
	if len(pattern) == 0 {
		return nil, true
	}
	if len(above) == 0 {
		return []string{"/" + strings.Join(pattern, "/")}, false
	}
	if pattern[0] == "**" {
		// It swallows no element, or one and stays.
		none, all := consume(pattern[1:], above)
		if all {
			return nil, true
		}
		one, all := consume(pattern, above[1:])
		return append(none, one...), all
	}
	// A malformed pattern matches nothing here; restic itself reports it when it is all that is left.
	if ok, err := filepath.Match(pattern[0], above[0]); err != nil || !ok {
		return nil, false
	}
	return consume(pattern[1:], above[1:])
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
