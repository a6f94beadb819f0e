// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"fmt"
	"io"
)

// Secret is a value that prints as *** wherever it gets by accident: formatted, as JSON, in a log, inside another
// struct. Only Reveal gives it away, so that one can search for who does.
type Secret struct {
	// A pointer, because fmt doesn't ask the methods of an unexported field but prints what it finds: an address, then.
	value *string
}

// NewSecret wraps a value.
func NewSecret(value string) Secret {
	return Secret{value: &value}
}

// Reveal returns the value; empty for the zero Secret.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsEmpty reports whether there is nothing to hide.
func (s Secret) IsEmpty() bool { return s.Reveal() == "" }

// String returns ***.
func (s Secret) String() string { return Mask }

// GoString returns ***.
func (s Secret) GoString() string { return Mask }

// Format writes *** for every verb.
func (s Secret) Format(state fmt.State, _ rune) {
	// There is nobody to tell: fmt ignores what its own writer says.
	_, _ = io.WriteString(state, Mask)
}

// MarshalText returns ***, also as a key of a map.
func (s Secret) MarshalText() ([]byte, error) { return []byte(Mask), nil }

// MarshalJSON returns "***".
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + Mask + `"`), nil }

// MarshalLog returns ***, for loggers that look for it.
func (s Secret) MarshalLog() any { return Mask }
