// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"fmt"
	"sort"
	"strings"
)

// Syntax says that a text is not in the language. No value can repair it: its author has to.
type Syntax struct {
	// Path is the place in the tree, such as "sessions[0].name"; empty for a single text.
	Path string
	// Offset is the byte in the text, from 0.
	Offset int
	// Problem is what is wrong, in words.
	Problem string
}

func (e *Syntax) Error() string {
	return fmt.Sprintf("%sat position %d: %s", at(e.Path), e.Offset+1, e.Problem)
}

// Unresolved says which variables have no value. All of them: whoever supplies values wants one answer, not one
// per try.
type Unresolved struct {
	// Names are sorted and unique.
	Names []string
	// Paths are the places in the tree that need them, sorted and unique; empty for a single text.
	Paths []string
}

func (e *Unresolved) Error() string {
	names := make([]string, len(e.Names))
	for i, name := range e.Names {
		names[i] = "${" + name + "}"
	}
	message := "no value for " + strings.Join(names, ", ")
	if len(e.Paths) > 0 {
		message += " (used by " + strings.Join(e.Paths, ", ") + ")"
	}
	return message
}

// Unusable says that the parts are well-formed but make no result together with the given values.
type Unusable struct {
	// Path is the place in the tree; empty for a single text.
	Path string
	// Name is the variable; empty when the result as a whole is the trouble.
	Name string
	// Problem is what is wrong, in words. It holds no value.
	Problem string
}

func (e *Unusable) Error() string {
	if e.Name == "" {
		return at(e.Path) + e.Problem
	}
	return fmt.Sprintf("%s${%s}: %s", at(e.Path), e.Name, e.Problem)
}

func at(path string) string {
	if path == "" {
		return ""
	}
	return path + ": "
}

// missing collects names and paths without repetition.
type missing struct {
	names, paths map[string]bool
}

func (m *missing) add(name, path string) {
	if m.names == nil {
		m.names, m.paths = map[string]bool{}, map[string]bool{}
	}
	m.names[name] = true
	if path != "" {
		m.paths[path] = true
	}
}

func (m *missing) err() error {
	if len(m.names) == 0 {
		return nil
	}
	return &Unresolved{Names: sorted(m.names), Paths: sorted(m.paths)}
}

func sorted(set map[string]bool) []string {
	keys := make([]string, 0, len(set))
	for key := range set {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
