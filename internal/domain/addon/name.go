// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package addon

import (
	"strings"
	"unicode"
)

// TaskName returns the canonical form of a task's name: LogicalBackup, as older manifests have it, is
// logical-backup. Names of that form stay as they are.
func TaskName(name string) string {
	var b strings.Builder
	runes := []rune(strings.TrimSpace(name))
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && startsWord(runes, i) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// startsWord tells at a capital whether a word starts there: after a small letter or a digit, and at the last
// capital of a run, as the B of WALBackup.
func startsWord(runes []rune, i int) bool {
	previous := runes[i-1]
	if unicode.IsLower(previous) || unicode.IsDigit(previous) {
		return true
	}
	return unicode.IsUpper(previous) && i+1 < len(runes) && unicode.IsLower(runes[i+1])
}
