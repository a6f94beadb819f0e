// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// Resolve returns value with every ${…} replaced. vars looks a name up; a name that exists with an empty value is
// found. Errors are *Syntax, *Unresolved and *Unusable; the text is empty then.
func Resolve(value string, vars func(name string) (string, bool)) (string, error) {
	var absent missing
	result, err := resolveAt("", value, vars, &absent)
	if err == nil {
		err = absent.err()
	}
	if err != nil {
		return "", err
	}
	return result, nil
}

// ResolveTree returns a copy of a decoded JSON document in which every string, and every key, is resolved.
// The document itself is left as it is. All unresolved names of the whole tree are in one *Unresolved; a *Syntax
// or *Unusable carries its path and comes first.
func ResolveTree(tree any, vars func(name string) (string, bool)) (any, error) {
	walk := &walk{vars: vars}
	result, err := walk.node("", tree)
	if err == nil {
		err = walk.missing.err()
	}
	if err != nil {
		return nil, err
	}
	return result, nil
}

// Check returns the *Syntax error of a text, nil where it is well-formed.
func Check(value string) error {
	_, err := parse(value)
	return err
}

// HasVariables reports whether a text needs values, so that what it means can't be known yet. A text with a
// syntax error has variables.
func HasVariables(value string) bool {
	parsed, err := parse(value)
	if err != nil {
		return true
	}
	for _, n := range parsed {
		if n.name != "" {
			return true
		}
	}
	return false
}

// Map makes a lookup of a map.
func Map(values map[string]string) func(name string) (string, bool) {
	return func(name string) (string, bool) {
		value, found := values[name]
		return value, found
	}
}

func resolveAt(path, text string, vars func(string) (string, bool), absent *missing) (string, error) {
	parsed, err := parse(text)
	if err != nil {
		var syntax *Syntax
		if errors.As(err, &syntax) {
			syntax.Path = path
		}
		return "", err
	}
	evaluation := &evaluation{vars: vars, path: path, missing: absent}
	return evaluation.word(parsed)
}

type walk struct {
	vars    func(string) (string, bool)
	missing missing
}

func (w *walk) node(path string, n any) (any, error) {
	switch n := n.(type) {
	case string:
		return resolveAt(path, n, w.vars, &w.missing)
	case map[string]any:
		return w.object(path, n)
	case []any:
		resolved := make([]any, len(n))
		for i, item := range n {
			var err error
			if resolved[i], err = w.node(path+"["+strconv.Itoa(i)+"]", item); err != nil {
				return nil, err
			}
		}
		return resolved, nil
	case nil, bool, float64, int64, int, json.Number:
		return n, nil
	default:
		// Passing it on would leave its strings unresolved, silently.
		return nil, fmt.Errorf("%s%T is not decoded JSON", at(path), n)
	}
}

func (w *walk) object(path string, object map[string]any) (any, error) {
	if object == nil {
		return object, nil
	}
	keys := make(map[string]bool, len(object))
	for key := range object {
		keys[key] = true
	}
	resolved := make(map[string]any, len(object))
	unresolvedBefore := len(w.missing.names)
	for _, key := range sorted(keys) {
		below := key
		if path != "" {
			below = path + "." + key
		}
		newKey, err := resolveAt(below, key, w.vars, &w.missing)
		if err != nil {
			return nil, err
		}
		value, err := w.node(below, object[key])
		if err != nil {
			return nil, err
		}
		// Keys that lack a value can look equal; that is no clash of theirs.
		if _, taken := resolved[newKey]; taken && len(w.missing.names) == unresolvedBefore {
			return nil, &Unusable{Path: below, Problem: "two keys become the same"}
		}
		resolved[newKey] = value
	}
	return resolved, nil
}
