// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package naming

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

const (
	// Limit is the longest name, in bytes, that is also a label value and a pod's host name.
	Limit = 63
	// CronJobLimit leaves room for the 11 bytes that the CronJob controller appends to name its Jobs.
	CronJobLimit = 52

	hashLength = 8
)

// Join is the published builder: the parts that are not empty, joined with "-"; when that is longer than limit,
// its first ceil(limit/2) and its last floor(limit/2) bytes, with "-" trimmed at both ends.
// The result is always a valid DNS-1123 subdomain.
func Join(limit int, parts ...string) string {
	return clean(cutMiddle(joinParts(parts), limit))
}

// Prefixed is the published builder for a prefix and a name: cut at the end.
func Prefixed(limit int, prefix, name string) string {
	joined := joinParts([]string{prefix, name})
	if len(joined) > limit {
		joined = joined[:limit]
	}
	return clean(joined)
}

// Child names an object that serves another one, and whose name nobody has published. Short names are joined as
// they are; where something has to be cut or replaced, a hash of all the parts keeps different parts apart.
func Child(parts ...string) string {
	joined := strings.Join(parts, "-")
	if name := Join(Limit, parts...); name == joined {
		return name
	}
	return Disambiguate(joined, strings.Join(parts, "\x00"))
}

// Disambiguate returns a name, near to the given one, that no other identity has: a hash of identity is
// appended. It is for the caller who met somebody else's object under a published name. The identity is
// whatever tells the two apart, such as "namespace/name/session", and must not change between calls.
func Disambiguate(name, identity string) string {
	return DisambiguateWithin(Limit, name, identity)
}

// DisambiguateWithin is Disambiguate for another limit, such as CronJobLimit. The limit must be above 16.
func DisambiguateWithin(limit int, name, identity string) string {
	return clean(cutMiddle(name, limit-hashLength-1)) + "-" + hash(identity)
}

// LabelValue returns s where it is a valid label value (at most 63 bytes), and otherwise a valid one that is
// near to it and ends in a hash, so that different strings stay different. The empty string stays empty.
func LabelValue(s string) string {
	if isLabelValue(s) {
		return s
	}
	kept := strings.Map(func(r rune) rune {
		if isAlphanumeric(r) || strings.ContainsRune("-_.", r) {
			return r
		}
		return '-'
	}, s)
	kept = strings.Trim(cutMiddle(kept, Limit-hashLength-1), "-_.")
	if kept == "" {
		return hash(s)
	}
	return kept + "-" + hash(s)
}

func joinParts(parts []string) string {
	kept := make([]string, 0, len(parts))
	for _, part := range parts {
		if part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "-")
}

func cutMiddle(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	head := (limit + 1) / 2
	return s[:head] + s[len(s)-(limit-head):]
}

// clean makes a valid DNS-1123 subdomain of s and leaves alone what is one already. A cut can bring "." and "-"
// together, and session names are free text.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case isAlphanumeric(r), r == '-', r == '.':
			return r
		default:
			return '-'
		}
	}, s)
	labels := strings.Split(s, ".")
	kept := labels[:0]
	for _, label := range labels {
		if label = strings.Trim(label, "-"); label != "" {
			kept = append(kept, label)
		}
	}
	if len(kept) == 0 {
		return "x"
	}
	return strings.Join(kept, ".")
}

func isLabelValue(s string) bool {
	if len(s) > Limit || strings.Trim(s, "-_.") != s {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !isAlphanumeric(r) && !strings.ContainsRune("-_.", r)
	})
}

func isAlphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:hashLength]
}
