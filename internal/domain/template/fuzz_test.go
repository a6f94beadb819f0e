// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// A tree is resolved leaf by leaf: whatever stands in a value, the tree keeps its shape, and the original is left alone.
func FuzzResolveTree(f *testing.F) {
	for _, seed := range []struct{ tree, value string }{
		{`{"a":"${v}","b":["x",{"${v}":1}],"c":null,"d":true,"e":1.5}`, `"},{"spec":{`},
		{`["${v}","${v:=x}","$${v}","${absent}"]`, "a\nb: c"},
		{`{"${v}":1,"${v^^}":2}`, "A"},
		{`"${v//[a-z]/${v}}"`, "${v}"},
		{`{"a":{"a":{"a":["${v: -1}"]}}}`, "$(reboot) `reboot` {{ .Values }}"},
		{`[[[[[[]]]]]]`, ""},
	} {
		f.Add(seed.tree, seed.value)
	}
	f.Fuzz(func(t *testing.T, document, value string) {
		var tree, untouched any
		if json.Unmarshal([]byte(document), &tree) != nil {
			return
		}
		if err := json.Unmarshal([]byte(document), &untouched); err != nil {
			t.Fatal(err)
		}
		vars := Map(map[string]string{"v": value})
		got, err := ResolveTree(tree, vars)
		if !reflect.DeepEqual(tree, untouched) {
			t.Fatalf("the document itself was changed: %v became %v", untouched, tree)
		}
		switch {
		case err != nil && got != nil:
			t.Errorf("a failure left %v", got)
		case err == nil && shape(got) != shape(tree):
			t.Errorf("%q in %s changed its shape to %v", value, document, got)
		case err != nil && !isKnown(err):
			t.Errorf("%s: %T is none of the three errors: %v", document, err, err)
		}
		again, errAgain := ResolveTree(tree, vars)
		if !reflect.DeepEqual(got, again) || (err == nil) != (errAgain == nil) || err != nil && err.Error() != errAgain.Error() {
			t.Errorf("a second time: %v, %v; first: %v, %v", again, errAgain, got, err)
		}
		if escaped, err := ResolveTree(eachText(tree, func(s string) string { return strings.ReplaceAll(s, "$", "$$") }), vars); err != nil ||
			!reflect.DeepEqual(escaped, tree) {
			t.Errorf("escaped text is not itself: %v, %v", escaped, err)
		}
	})
}

func isKnown(err error) bool {
	return errors.As(err, new(*Syntax)) || errors.As(err, new(*Unresolved)) || errors.As(err, new(*Unusable))
}

// shape is a tree without its words.
func shape(tree any) string {
	switch n := tree.(type) {
	case map[string]any:
		// Keys are words; how many of each kind of value there are isn't.
		kinds := map[string]int{}
		for _, value := range n {
			kinds[shape(value)]++
		}
		out, err := json.Marshal(kinds)
		if err != nil {
			panic(err)
		}
		return "{" + string(out) + "}"
	case []any:
		out := "["
		for _, item := range n {
			out += shape(item) + ","
		}
		return out + "]"
	case string:
		return "s"
	default:
		out, err := json.Marshal(n)
		if err != nil {
			panic(err)
		}
		return string(out)
	}
}

func eachText(tree any, change func(string) string) any {
	switch n := tree.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range n {
			out[change(key)] = eachText(value, change)
		}
		return out
	case []any:
		out := make([]any, len(n))
		for i, item := range n {
			out[i] = eachText(item, change)
		}
		return out
	case string:
		return change(n)
	default:
		return n
	}
}

// A text with its dollars doubled means itself, and a value is never read again.
func FuzzLiteral(f *testing.F) {
	for _, seed := range []string{"", "$", "$$", "${", "${a", "a$", "${v}", "$${v}", "\\/", "\xff$\xfe", "日本${語}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Resolve(strings.ReplaceAll(text, "$", "$$"), Map(nil))
		if len(text) <= maxResult && (err != nil || got != text) {
			t.Errorf("%q became %q, %v", text, got, err)
		}
		vars := Map(map[string]string{"v": text})
		for _, way := range []string{"${v}", "${v:=x}", "${absent:=${v}}", "${v:0}"} {
			if got, err := Resolve(way, vars); len(text) <= maxResult && (err != nil || got != text) {
				t.Errorf("%s: %q became %q, %v", way, text, got, err)
			}
		}
		if got, err := Resolve("<${v}>", vars); len(text)+2 <= maxResult && (err != nil || got != "<"+text+">") {
			t.Errorf("between brackets %q became %q, %v", text, got, err)
		}
	})
}
