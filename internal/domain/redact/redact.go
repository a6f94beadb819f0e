// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"sort"
	"strings"
	"unicode/utf8"
)

const (
	// Mask stands where something was taken out.
	Mask = "***"
	// Limit is the most bytes that Text and Line return.
	Limit = 1024

	ellipsis = "…"
	// read bounds how much of a text is looked at: what follows can't get into the result.
	read = 64 * 1024
	// short secrets are no more than a word that could stand anywhere; they are only taken out as whole words.
	short = 4
)

// Redactor takes secrets out of texts. The zero value, like a nil one, knows the patterns only.
// It may be used by several goroutines.
type Redactor struct {
	// secrets are sorted by length, longest first.
	secrets []string
	words   []string
}

// New returns a Redactor that knows these secrets, and how they look encoded. Empty ones are ignored.
func New(secrets ...string) *Redactor {
	long, words := map[string]bool{}, map[string]bool{}
	for _, secret := range secrets {
		for _, form := range forms(secret) {
			switch {
			case len(form) >= short:
				long[form] = true
			case form != "":
				words[form] = true
			}
		}
	}
	return &Redactor{secrets: sorted(long), words: sorted(words)}
}

// Text returns at most Limit bytes of valid UTF-8 that may be shown. Lines stay lines.
func (r *Redactor) Text(text string) string {
	return r.redact(text, Limit, false)
}

// Line is Text in a single line: for conditions and events.
func (r *Redactor) Line(text string) string {
	return r.redact(text, Limit, true)
}

// Error is Line of an error's message; empty for nil.
func (r *Redactor) Error(err error) string {
	if err == nil {
		return ""
	}
	return r.Line(err.Error())
}

// Bounded is Text, or Line, with another limit in bytes. A limit of zero or less gives the empty text.
func (r *Redactor) Bounded(text string, limit int, singleLine bool) string {
	return r.redact(text, limit, singleLine)
}

func (r *Redactor) redact(text string, limit int, singleLine bool) string {
	text = r.readable(text, limit)
	text = r.withoutSecrets(text)
	text = withoutPatterns(text)
	text = printable(text, singleLine)
	// Taking something away, and joining lines, can bring the halves of a secret together.
	text = r.withoutSecrets(text)
	text = truncated(text, limit)
	if r.leaks(text) {
		// Only a secret that looks like our own mask gets here.
		text = ""
	}
	return text
}

// readable cuts what can't be shown anyway. A secret that the cut has halved would not be recognised, so as much as
// the longest may occupy goes as well.
func (r *Redactor) readable(text string, limit int) string {
	bound := max(read, 4*limit)
	if len(text) <= bound {
		return text
	}
	longest := 0
	if r != nil && len(r.secrets) > 0 {
		longest = len(r.secrets[0])
	}
	return text[:max(bound-longest, 0)] + ellipsis
}

// withoutSecrets masks every byte that belongs to an occurrence of a secret; occurrences may overlap.
func (r *Redactor) withoutSecrets(text string) string {
	if r == nil {
		return text
	}
	var hidden []bool
	mark := func(secret string, isWord bool) {
		for from := 0; ; {
			found := strings.Index(text[from:], secret)
			if found < 0 {
				return
			}
			start, end := from+found, from+found+len(secret)
			from = start + 1
			if isWord && !standsAlone(text, start, end) {
				continue
			}
			if hidden == nil {
				hidden = make([]bool, len(text))
			}
			for i := start; i < end; i++ {
				hidden[i] = true
			}
		}
	}
	for _, secret := range r.secrets {
		mark(secret, false)
	}
	for _, word := range r.words {
		mark(word, true)
	}
	if hidden == nil {
		return text
	}
	var shown strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case !hidden[i]:
			shown.WriteByte(text[i])
		case i == 0 || !hidden[i-1]:
			shown.WriteString(Mask)
		}
	}
	return shown.String()
}

func (r *Redactor) leaks(text string) bool {
	if r == nil {
		return false
	}
	for _, secret := range r.secrets {
		if strings.Contains(text, secret) {
			return true
		}
	}
	return false
}

// forms are the ways in which a secret gets into messages.
func forms(secret string) []string {
	trimmed := strings.TrimSpace(secret)
	all := []string{
		secret,
		trimmed,
		url.QueryEscape(trimmed),
		url.PathEscape(trimmed),
		url.UserPassword("", trimmed).String()[1:],
		quoted(secret),
		quoted(trimmed),
	}
	if len(trimmed) >= short {
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
			all = append(all, encoding.EncodeToString([]byte(secret)), encoding.EncodeToString([]byte(trimmed)))
		}
		all = append(all, hex.EncodeToString([]byte(trimmed)))
	}
	// Of a key file a message often quotes one line. Short lines are braces and headers, not secrets.
	if strings.Contains(trimmed, "\n") {
		for line := range strings.Lines(trimmed) {
			if line = strings.TrimSpace(line); len(line) >= 16 {
				all = append(all, line)
			}
		}
		// What a single line makes of it.
		all = append(all, printable(secret, true), printable(trimmed, true))
	}
	return all
}

// quoted is how JSON and Go spell the text between quotes.
func quoted(text string) string {
	marshalled, err := json.Marshal(text)
	if err != nil {
		return ""
	}
	return string(marshalled[1 : len(marshalled)-1])
}

func standsAlone(text string, start, end int) bool {
	return (start == 0 || !isWordByte(text[start-1])) && (end == len(text) || !isWordByte(text[end]))
}

func isWordByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_' || b >= utf8.RuneSelf
}

func sorted(set map[string]bool) []string {
	all := make([]string, 0, len(set))
	for s := range set {
		all = append(all, s)
	}
	sort.Slice(all, func(i, j int) bool {
		if len(all[i]) != len(all[j]) {
			return len(all[i]) > len(all[j])
		}
		return all[i] < all[j]
	})
	return all
}
