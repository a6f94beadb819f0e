// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"reflect"
	"slices"
	"strings"
)

// Text is a field of a type that holds a text, wherever in the type it is.
type Text struct {
	// Path is how a user writes it.
	Path  string
	steps []step
}

// A step leads into a struct's field, or into the first item of a list. Pointers are followed, and made.
type step struct{ field int }

const item = -1

// Texts lists every field of our own types that holds a text.
func Texts(of reflect.Type) []Text {
	var texts []Text
	collect(of, "", nil, map[reflect.Type]bool{}, &texts)
	return texts
}

func collect(of reflect.Type, path string, steps []step, above map[reflect.Type]bool, texts *[]Text) {
	switch {
	case of.Kind() == reflect.Pointer:
		collect(of.Elem(), path, steps, above, texts)
	case of.Kind() == reflect.String:
		*texts = append(*texts, Text{Path: path, steps: steps})
	case of.Kind() == reflect.Slice:
		collect(of.Elem(), path+"[]", append(slices.Clone(steps), step{item}), above, texts)
	case of.Kind() == reflect.Struct && strings.HasPrefix(of.PkgPath(), ours) && !above[of]:
		above[of] = true
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			collect(of.Field(i).Type, strings.TrimPrefix(path+"."+name, "."), append(slices.Clone(steps), step{i}), above, texts)
		}
		delete(above, of)
	}
}

// Set writes a value into the field, making what is on the way.
func (x Text) Set(object reflect.Value, value string) {
	at := object
	for _, s := range x.steps {
		at = reached(at)
		if s.field != item {
			at = at.Field(s.field)
			continue
		}
		if at.Len() == 0 {
			at.Set(reflect.MakeSlice(at.Type(), 1, 1))
		}
		at = at.Index(0)
	}
	reached(at).SetString(value)
}

// reached follows pointers to what they point to, and makes it where there is nothing.
func reached(at reflect.Value) reflect.Value {
	for at.Kind() == reflect.Pointer {
		if at.IsNil() {
			at.Set(reflect.New(at.Type().Elem()))
		}
		at = at.Elem()
	}
	return at
}
