// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// A glob is a list of regular expressions, one per element of the pattern, so that it can be read backwards:
// the shortest suffix is the shortest prefix of the reversed value.
type glob []string

// Regular expressions of this kind run in linear time, whatever the pattern.
func (g glob) compile(lazy bool, before, after string) (*regexp.Regexp, string) {
	var expression strings.Builder
	for _, element := range g {
		expression.WriteString(element)
		if lazy && element == anyText {
			expression.WriteByte('?')
		}
	}
	compiled, err := regexp.Compile("(?s)" + before + "(?:" + expression.String() + ")" + after)
	if err != nil {
		return nil, "the pattern can't be used"
	}
	if !lazy {
		compiled.Longest()
	}
	return compiled, ""
}

func (g glob) reversed() glob {
	backwards := make(glob, len(g))
	for i, element := range g {
		backwards[len(g)-1-i] = element
	}
	return backwards
}

// anyText is never the quoted form of a character.
const anyText = ".*"

// parseGlob knows * ? [set] [!set] and a backslash before a character that stands for itself. A "[" without its
// "]" is an ordinary character, as in a shell.
func parseGlob(pattern string) glob {
	var parsed glob
	for len(pattern) > 0 {
		r, width := utf8.DecodeRuneInString(pattern)
		switch r {
		case '*':
			// Two in a row match what one matches.
			if len(parsed) == 0 || parsed[len(parsed)-1] != anyText {
				parsed = append(parsed, anyText)
			}
		case '?':
			parsed = append(parsed, ".")
		case '[':
			if set, length := parseSet(pattern); length > 0 {
				parsed = append(parsed, set)
				width = length
				break
			}
			parsed = append(parsed, `\[`)
		case '\\':
			if len(pattern) > 1 {
				var escaped int
				_, escaped = utf8.DecodeRuneInString(pattern[1:])
				parsed = append(parsed, regexp.QuoteMeta(pattern[1:1+escaped]))
				width += escaped
				break
			}
			parsed = append(parsed, `\\`)
		default:
			parsed = append(parsed, regexp.QuoteMeta(pattern[:width]))
		}
		pattern = pattern[width:]
	}
	return parsed
}

// parseSet translates "[a-z]" or "[!a-z]" at the start of the pattern; its length is 0 where there is none.
func parseSet(pattern string) (set string, length int) {
	content := pattern[1:]
	negated := strings.HasPrefix(content, "!") || strings.HasPrefix(content, "^")
	if negated {
		content = content[1:]
	}
	if content == "" {
		return "", 0
	}
	// A "]" that comes first belongs to the set.
	end := strings.IndexByte(content[1:], ']')
	if end < 0 {
		return "", 0
	}
	content = content[:end+1]
	length = strings.Index(pattern, content+"]") + len(content) + 1
	quoted := strings.NewReplacer(`\`, `\\`, `]`, `\]`, `[`, `\[`, `^`, `\^`, `&`, `\&`, `~`, `\~`).Replace(content)
	if negated {
		return "[^" + quoted + "]", length
	}
	return "[" + quoted + "]", length
}

func trim(op operator, value, pattern string) (result, problem string) {
	elements := parseGlob(pattern)
	lazy := op == opShortPrefix || op == opShortSuffix
	if op == opShortPrefix || op == opLongPrefix {
		matched, problem := prefixLength(elements, lazy, value)
		return value[matched:], problem
	}
	matched, problem := prefixLength(elements.reversed(), lazy, reverse(value))
	return value[:len(value)-matched], problem
}

func prefixLength(elements glob, lazy bool, value string) (length int, problem string) {
	expression, problem := elements.compile(lazy, "^", "")
	if problem != "" {
		return 0, problem
	}
	if found := expression.FindStringIndex(value); found != nil {
		return found[1], ""
	}
	return 0, ""
}

// reverse keeps the bytes of each character in order, and invalid bytes as they are, so lengths agree.
func reverse(s string) string {
	reversed := make([]byte, len(s))
	end := len(s)
	for len(s) > 0 {
		_, width := utf8.DecodeRuneInString(s)
		end -= width
		copy(reversed[end:], s[:width])
		s = s[width:]
	}
	return string(reversed)
}

func replace(op operator, value, pattern, replacement string) (result, problem string) {
	if pattern == "" && op != opReplaceStart && op != opReplaceEnd {
		return value, ""
	}
	before, after := "", ""
	switch op {
	case opReplaceStart:
		before = "^"
	case opReplaceEnd:
		after = "$"
	}
	expression, problem := parseGlob(pattern).compile(false, before, after)
	if problem != "" {
		return "", problem
	}
	count := 1
	if op == opReplaceAll {
		count = -1
	}
	matches := expression.FindAllStringIndex(value, count)
	if len(value)+len(matches)*len(replacement) > maxResult {
		return "", "the result is longer than 1 MiB"
	}
	var replaced strings.Builder
	done := 0
	for _, match := range matches {
		replaced.WriteString(value[done:match[0]])
		// "*" also matches the nothing behind what it has matched; a shell doesn't count that.
		if match[0] < match[1] || op != opReplaceAll {
			replaced.WriteString(replacement)
		}
		done = match[1]
	}
	replaced.WriteString(value[done:])
	return replaced.String(), ""
}
