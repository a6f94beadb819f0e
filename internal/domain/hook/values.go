// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

func title(s string) string {
	start := true
	return strings.Map(func(r rune) rune {
		was := start
		start = unicode.IsSpace(r)
		if was {
			return unicode.ToTitle(r)
		}
		return r
	}, s)
}

func repeated(times int, s string) (string, error) {
	if times < 0 || len(s) > 0 && times > maxText/len(s) {
		return "", errTooLarge
	}
	return strings.Repeat(s, times), nil
}

// replaced bounds its result before it makes it.
func replaced(old, by, s string) (string, error) {
	if len(s)+strings.Count(s, old)*len(by) > maxText {
		return "", errTooLarge
	}
	return strings.ReplaceAll(s, old, by), nil
}

// truncated keeps the first bytes, or the last ones for a negative number, as sprig does.
func truncated(n int, s string) string {
	switch {
	case n >= 0 && len(s) > n:
		return s[:n]
	case n < 0 && len(s)+n > 0:
		return s[len(s)+n:]
	default:
		return s
	}
}

func indented(spaces int, s string) (string, error) {
	if spaces < 0 || spaces > 100 {
		return "", errors.New("an indent has up to 100 spaces")
	}
	pad := strings.Repeat(" ", spaces)
	return pad + strings.ReplaceAll(s, "\n", "\n"+pad), nil
}

func joined(separator string, list any) (string, error) {
	var parts []string
	v := reflect.ValueOf(list)
	if !v.IsValid() {
		return "", nil
	}
	if v.Kind() != reflect.Slice {
		return text(list), nil
	}
	if weigh(v, 0)+v.Len()*len(separator) > maxText {
		return "", errTooLarge
	}
	for i := range v.Len() {
		parts = append(parts, text(v.Index(i).Interface()))
	}
	return strings.Join(parts, separator), nil
}

func decoded(s string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(s)
	return string(raw), err
}

func encoded(v any, indent string, escape bool) (string, error) {
	if weigh(reflect.ValueOf(v), 0) > maxText {
		return "", errTooLarge
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetIndent("", indent)
	e.SetEscapeHTML(escape)
	err := e.Encode(v)
	return strings.TrimSuffix(out.String(), "\n"), err
}

func dict(pairs ...any) map[string]any {
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		var value any = ""
		if i+1 < len(pairs) {
			value = pairs[i+1]
		}
		out[text(pairs[i])] = value
	}
	return out
}

func empty(v any) bool {
	of := reflect.ValueOf(v)
	if !of.IsValid() {
		return true
	}
	switch of.Kind() {
	case reflect.Slice, reflect.Map, reflect.Array, reflect.String:
		return of.Len() == 0
	case reflect.Struct:
		return false
	default:
		return of.IsZero()
	}
}

func at(list []any, i int) any {
	if i < 0 || i >= len(list) {
		return nil
	}
	return list[i]
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// whole reads a number of anything, and 0 where there is none, as sprig does.
func whole(v any) int64 {
	of := reflect.ValueOf(v)
	switch {
	case !of.IsValid():
		return 0
	case of.CanInt():
		return of.Int()
	case of.CanUint():
		return int64(min(of.Uint(), math.MaxInt64))
	case of.CanFloat():
		return int64(of.Float())
	case of.Kind() == reflect.Bool && of.Bool():
		return 1
	case of.Kind() == reflect.String:
		n, err := strconv.ParseFloat(of.String(), 64)
		if err != nil {
			return 0
		}
		return int64(n)
	default:
		return 0
	}
}
