// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A pattern replaces what looks like a secret. All of them run in linear time.
type pattern struct {
	expression  *regexp.Regexp
	replacement string
}

// value is what follows a "=" or ":": quoted, or up to white space or a separator.
const value = `(?:"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,;&"'\)\]}]+)`

// name is a key whose value is a secret, alone or as a part of a longer key.
const name = `[A-Za-z0-9_.-]*(?:passw(?:or)?d|passphrase|secret|token|credentials?|signature|` +
	`(?:api|access|account|private)[-_]?key)[A-Za-z0-9_.-]*`

var patterns = []pattern{
	// Key material, also when its end is missing or its newlines are escaped.
	{regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)`), Mask},
	// Whatever stands in the header, to the end of the line.
	{regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|x-amz-security-token|x-auth-token|cookie|set-cookie)(["']?\s*[:=]\s*)[^\r\n]+`), "${1}${2}" + Mask},
	{regexp.MustCompile(`(?i)\b(bearer|sharedkey|aws4-hmac-sha256)\s+[^\s"',]{8,}`), "${1} " + Mask},
	// user:password@; a password may hold "/" and "@" although it shouldn't.
	{regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)(?:[^\s/?#"'<>]*@|[^\s/?#"'<>@]*:[^\s"'<>]*@)`), "${1}" + Mask + "@"},
	// The query of a URL: signatures and tokens of pre-signed links.
	{regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://[^\s?"'<>]*)\?[^\s"'<>]*`), "${1}?" + Mask},
	// "key": "value" of JSON, and key=value.
	{regexp.MustCompile(`(?i)(["']` + name + `["']\s*:\s*)` + value), "${1}" + Mask},
	{regexp.MustCompile(`(?i)(\b` + name + `\s?=\s?)` + value), "${1}" + Mask},
	// NAME_OF_A_SECRET: value, as environments are printed. Prose such as "wrong password: try again" isn't upper case.
	{regexp.MustCompile(`(\b[A-Z0-9_]*(?:PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIALS?|KEY)[A-Z0-9_]*:\s*)` + value), "${1}" + Mask},
	{regexp.MustCompile(`(?i)(\bpass(?:word|wd|phrase):\s?)(?:"[^"]*"|'[^']*'|[^\s,;]*[0-9!@#$%^&*+=/][^\s,;]*)`), "${1}" + Mask},
	// --password-like flags with their value as the next word.
	{regexp.MustCompile(`(?i)(--?(?:password|passphrase|token|secret-key|access-key)\s+)` + value), "${1}" + Mask},
	// Identifiers of AWS keys, JSON web tokens, Google's tokens and keys.
	{regexp.MustCompile(`\b(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA|ABIA|ACCA)[A-Z0-9]{12,}\b`), Mask},
	{regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*`), Mask},
	{regexp.MustCompile(`\b(?:ya29\.[A-Za-z0-9_-]{8,}|AIza[A-Za-z0-9_-]{20,}|GOOG[A-Z0-9]{12,})`), Mask},
}

func withoutPatterns(text string) string {
	for _, p := range patterns {
		text = p.expression.ReplaceAllString(text, p.replacement)
	}
	return text
}

// printable drops what a terminal would obey, and what isn't UTF-8.
func printable(text string, singleLine bool) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "?"), "\r\n", "\n")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' && !singleLine:
			return r
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
	if !singleLine {
		return strings.TrimSpace(text)
	}
	return strings.Join(strings.Fields(text), " ")
}

// truncated cuts between characters, and says so.
func truncated(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit - len(ellipsis)
	if end < 0 {
		return ""
	}
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}
