// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package addon

import (
	"fmt"
	"strings"
	"unicode"
)

// list splits a comma-separated parameter. Blanks around an item don't belong to it, and empty items are
// dropped: a list that ends in a comma has no empty last path. A backslash keeps the comma after it.
func list(s string) []string {
	var items []string
	var item strings.Builder
	end := func() {
		if trimmed := strings.TrimSpace(item.String()); trimmed != "" {
			items = append(items, trimmed)
		}
		item.Reset()
	}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == ',':
			item.WriteByte(',')
			i++
		case s[i] == ',':
			end()
		default:
			item.WriteByte(s[i])
		}
	}
	end()
	return items
}

// words splits text as a shell would, without expanding anything: blanks separate, quotes and backslashes
// keep them.
func words(s string) ([]string, error) {
	var out []string
	var word strings.Builder
	var quote rune
	started := false
	runes := []rune(s)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case r == '\\' && quote != '\'':
			if i++; i == len(runes) {
				return nil, fmt.Errorf("a backslash at the end of %q keeps nothing", s)
			}
			word.WriteRune(runes[i])
			started = true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, started = r, true
		case unicode.IsSpace(r):
			if started {
				out = append(out, word.String())
			}
			word.Reset()
			started = false
		default:
			word.WriteRune(r)
			started = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote (%c) in %q is not closed", quote, s)
	}
	if started {
		out = append(out, word.String())
	}
	return out, nil
}
