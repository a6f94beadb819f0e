// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
)

var errTooLarge = fmt.Errorf("a value becomes larger than %d bytes", maxText)

// functions are those of a template. Names and arguments are those of sprig, which the guides use. Every value that one of them makes is
// measured, so that a value can't double with each round of a loop.
func functions() template.FuncMap {
	all := template.FuncMap{}
	for _, some := range []template.FuncMap{textFunctions, listFunctions, valueFunctions, numberFunctions} {
		for name, f := range some {
			all[name] = measured(f)
		}
	}
	// Go's own that make text of values.
	all["printf"] = printf
	all["print"] = measured(func(args ...any) (string, error) { return written(args, fmt.Sprint) })
	all["println"] = measured(func(args ...any) (string, error) { return written(args, fmt.Sprintln) })
	all["html"] = measured(func(args ...any) (string, error) { return written(args, template.HTMLEscaper) })
	all["js"] = measured(func(args ...any) (string, error) { return written(args, template.JSEscaper) })
	all["urlquery"] = measured(func(args ...any) (string, error) { return written(args, template.URLQueryEscaper) })
	return all
}

var textFunctions = template.FuncMap{
	"upper": strings.ToUpper, "lower": strings.ToLower, "title": title, "trim": strings.TrimSpace,
	"trimAll":    func(cut, s string) string { return strings.Trim(s, cut) },
	"trimPrefix": func(prefix, s string) string { return strings.TrimPrefix(s, prefix) },
	"trimSuffix": func(suffix, s string) string { return strings.TrimSuffix(s, suffix) },
	"contains":   func(part, s string) bool { return strings.Contains(s, part) },
	"hasPrefix":  func(prefix, s string) bool { return strings.HasPrefix(s, prefix) },
	"hasSuffix":  func(suffix, s string) bool { return strings.HasSuffix(s, suffix) },
	"replace":    replaced,
	"repeat":     repeated,
	"trunc":      truncated,
	"indent":     indented,
	"nindent": func(spaces int, s string) (string, error) {
		text, err := indented(spaces, s)
		return "\n" + text, err
	},
	"quote":      func(v any) string { return strconv.Quote(text(v)) },
	"squote":     func(v any) string { return "'" + text(v) + "'" },
	"splitList":  func(separator, s string) []any { return anys(strings.Split(s, separator)) },
	"join":       joined,
	"b64enc":     func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"b64dec":     decoded,
	"sha256sum":  func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) },
	"regexMatch": regexp.MatchString,
	"regexReplaceAll": func(pattern, s, by string) (string, error) {
		re, err := regexp.Compile(pattern)
		if err != nil {
			return "", err
		}
		if len(by) > 0 && len(s)*len(by) > maxText*16 {
			return "", errTooLarge
		}
		return re.ReplaceAllString(s, by), nil
	},
	"toString": text,
}

var listFunctions = template.FuncMap{
	"list":   func(items ...any) []any { return items },
	"append": func(list []any, item any) []any { return append(slices.Clone(list), item) },
	"prepend": func(list []any, item any) []any {
		return append([]any{item}, list...)
	},
	"concat": slices.Concat[[]any],
	"first":  func(list []any) any { return at(list, 0) },
	"last":   func(list []any) any { return at(list, len(list)-1) },
	"rest":   func(list []any) []any { return list[min(1, len(list)):] },
	"has": func(item any, list []any) bool {
		return slices.ContainsFunc(list, func(other any) bool { return reflect.DeepEqual(item, other) })
	},
	"dict":   dict,
	"get":    func(d map[string]any, key string) any { return d[key] },
	"hasKey": func(d map[string]any, key string) bool { _, ok := d[key]; return ok },
	"keys":   func(d map[string]any) []any { return anys(slices.Sorted(maps.Keys(d))) },
	"pick": func(d map[string]any, keys ...string) map[string]any {
		out := map[string]any{}
		for _, key := range keys {
			if v, ok := d[key]; ok {
				out[key] = v
			}
		}
		return out
	},
	"omit": func(d map[string]any, keys ...string) map[string]any {
		out := maps.Clone(d)
		for _, key := range keys {
			delete(out, key)
		}
		return out
	},
}

var valueFunctions = template.FuncMap{
	"default": func(fallback any, given ...any) any {
		if len(given) == 0 || empty(given[0]) {
			return fallback
		}
		return given[0]
	},
	"empty":    empty,
	"coalesce": func(values ...any) any { return at(slices.DeleteFunc(slices.Clone(values), empty), 0) },
	"ternary": func(yes, no any, which bool) any {
		if which {
			return yes
		}
		return no
	},
	"fail":         func(message string) (string, error) { return "", errors.New(message) },
	"toJson":       func(v any) (string, error) { return encoded(v, "", true) },
	"toRawJson":    func(v any) (string, error) { return encoded(v, "", false) },
	"toPrettyJson": func(v any) (string, error) { return encoded(v, "  ", true) },
	"fromJson": func(s string) (any, error) {
		var v any
		err := json.Unmarshal([]byte(s), &v)
		return v, err
	},
	"kindOf": func(v any) string {
		if v == nil {
			return "invalid"
		}
		return reflect.ValueOf(v).Kind().String()
	},
}

var numberFunctions = template.FuncMap{
	"int": whole, "int64": whole, "atoi": whole,
	"add": func(a, b any) int64 { return whole(a) + whole(b) },
	"sub": func(a, b any) int64 { return whole(a) - whole(b) },
	"mul": func(a, b any) int64 { return whole(a) * whole(b) },
	"div": func(a, b any) (int64, error) {
		if whole(b) == 0 {
			return 0, errors.New("dividing by zero")
		}
		return whole(a) / whole(b), nil
	},
	"max": func(a, b any) int64 { return max(whole(a), whole(b)) },
	"min": func(a, b any) int64 { return min(whole(a), whole(b)) },
}

// measured wraps a function so that what it makes is bounded.
func measured(f any) any {
	of := reflect.ValueOf(f)
	t := of.Type()
	in, out := make([]reflect.Type, t.NumIn()), []reflect.Type{t.Out(0), reflect.TypeFor[error]()}
	for i := range in {
		in[i] = t.In(i)
	}
	return reflect.MakeFunc(reflect.FuncOf(in, out, t.IsVariadic()), func(args []reflect.Value) []reflect.Value {
		var results []reflect.Value
		if t.IsVariadic() {
			results = of.CallSlice(args)
		} else {
			results = of.Call(args)
		}
		err := reflect.Zero(reflect.TypeFor[error]())
		if len(results) > 1 {
			err = results[1]
		}
		if err.IsNil() && weigh(results[0], 0) > maxText {
			err = reflect.ValueOf(&errTooLarge).Elem()
		}
		return []reflect.Value{results[0], err}
	}).Interface()
}

// weigh tells how many bytes a value is when it is written out, and stops counting beyond the limit: a value may hold another one many times.
func weigh(v reflect.Value, so int) int {
	if so++; so > maxText {
		return so
	}
	switch v.Kind() {
	case reflect.String:
		return so + v.Len()
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return so
		}
		return weigh(v.Elem(), so)
	case reflect.Slice, reflect.Array:
		for i := 0; i < v.Len() && so <= maxText; i++ {
			so = weigh(v.Index(i), so)
		}
	case reflect.Map:
		for entries := v.MapRange(); entries.Next() && so <= maxText; {
			so = weigh(entries.Value(), weigh(entries.Key(), so))
		}
	case reflect.Struct:
		for i := 0; i < v.NumField() && so <= maxText; i++ {
			so = weigh(v.Field(i), so)
		}
	}
	return so
}

// wide finds what makes much text of little: a width or a precision of several digits, or one that is an argument.
var wide = regexp.MustCompile(`%[^a-zA-Z%]*([0-9]{4,}|\*)`)

func printf(format string, args ...any) (string, error) {
	if wide.MatchString(format) {
		return "", errors.New("a width in printf has up to three digits")
	}
	// Beyond its arguments, a verb makes up to 999 bytes twice.
	if len(format)+2000*strings.Count(format, "%") > 16*maxText {
		return "", errTooLarge
	}
	out, err := written(append([]any{format}, args...), func(...any) string { return fmt.Sprintf(format, args...) })
	if err == nil && len(out) > maxText {
		err = errTooLarge
	}
	return out, err
}

func written(args []any, write func(...any) string) (string, error) {
	if weigh(reflect.ValueOf(args), 0) > maxText {
		return "", errTooLarge
	}
	return write(args...), nil
}
