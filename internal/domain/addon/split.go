// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package addon

import (
	"fmt"
	"strings"
	"unicode"
)

// list splits a comma-separated parameter. Blanks around an item don't belong to it, and empty items are
// dropped: a list that ends in a comma has no empty last path. A backslash keeps the comma after it, and two before a
// comma are one that keeps nothing; elsewhere a backslash is a character like any other.
func list(s string) []string {
	var items []string
	var item strings.Builder
	end := func() {
		if trimmed := strings.TrimSpace(item.String()); trimmed != "" {
			items = append(items, trimmed)
		}
		item.Reset()
	}
	for s != "" {
		backslashes := len(s) - len(strings.TrimLeft(s, `\`))
		rest := s[backslashes:]
		switch {
		case strings.HasPrefix(rest, ","):
			item.WriteString(s[:backslashes/2])
			if backslashes%2 == 1 {
				item.WriteByte(',')
			} else {
				end()
			}
			rest = rest[1:]
		case backslashes > 0:
			item.WriteString(s[:backslashes])
		default:
			item.WriteByte(s[0])
			rest = s[1:]
		}
		s = rest
	}
	end()
	return items
}

// unlisted is the text of which list makes the items again.
func unlisted(items []string) string {
	var text strings.Builder
	for i, item := range items {
		kept := strings.Split(item, ",")
		for j, piece := range kept {
			text.WriteString(piece)
			isLast := i == len(items)-1 && j == len(kept)-1
			if !isLast {
				text.WriteString(piece[len(strings.TrimRight(piece, `\`)):])
			}
			if j < len(kept)-1 {
				text.WriteString(`\,`)
			}
		}
		if i < len(items)-1 {
			text.WriteByte(',')
		}
	}
	return text.String()
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
			if quote == '"' && !strings.ContainsRune("$`\"\\", runes[i]) {
				word.WriteRune('\\')
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
