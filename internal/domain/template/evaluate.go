// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxResult bounds what one text may become. Nested replacements could otherwise multiply without end in the
// operator's memory; no Kubernetes object holds more.
const maxResult = 1 << 20

type evaluation struct {
	vars    func(name string) (string, bool)
	path    string
	missing *missing
}

func (e *evaluation) word(w word) (string, error) {
	var result strings.Builder
	for _, n := range w {
		text := n.literal
		if n.name != "" {
			var err error
			if text, err = e.variable(n); err != nil {
				return "", err
			}
		}
		if result.Len()+len(text) > maxResult {
			return "", e.unusable("", "the result is longer than 1 MiB")
		}
		result.WriteString(text)
	}
	return result.String(), nil
}

func (e *evaluation) variable(n node) (string, error) {
	value, found := e.vars(n.name)
	if n.op == opDefault {
		if found {
			return value, nil
		}
		return e.word(n.args[0])
	}
	args := make([]string, len(n.args))
	for i, arg := range n.args {
		var err error
		if args[i], err = e.word(arg); err != nil {
			return "", err
		}
	}
	if !found {
		e.missing.add(n.name, e.path)
		return "", nil
	}
	result, problem := apply(n.op, value, args)
	if problem != "" {
		return "", e.unusable(n.name, problem)
	}
	return result, nil
}

func (e *evaluation) unusable(name, problem string) error {
	return &Unusable{Path: e.path, Name: name, Problem: problem}
}

// apply returns the result, or a problem in words.
func apply(op operator, value string, args []string) (result, problem string) {
	switch op {
	case opLength:
		return strconv.Itoa(utf8.RuneCountInString(value)), ""
	case opUpper:
		return strings.ToUpper(value), ""
	case opLower:
		return strings.ToLower(value), ""
	case opUpperFirst:
		return mapFirst(value, unicode.ToUpper), ""
	case opLowerFirst:
		return mapFirst(value, unicode.ToLower), ""
	case opPart:
		return part(value, args)
	case opShortPrefix, opLongPrefix, opShortSuffix, opLongSuffix:
		return trim(op, value, args[0])
	case opReplace, opReplaceAll, opReplaceStart, opReplaceEnd:
		replacement := ""
		if len(args) > 1 {
			replacement = args[1]
		}
		return replace(op, value, args[0], replacement)
	default:
		return value, ""
	}
}

func mapFirst(s string, convert func(rune) rune) string {
	first, width := utf8.DecodeRuneInString(s)
	if width == 0 || first == utf8.RuneError && width == 1 {
		return s
	}
	return string(convert(first)) + s[width:]
}

// part is ${name:off:len} in characters. What lies outside the value is empty, not an error, as in a shell.
func part(value string, args []string) (result, problem string) {
	bounds := []int{0, utf8.RuneCountInString(value)}
	total := bounds[1]
	for i, arg := range args {
		number, err := strconv.Atoi(strings.TrimSpace(arg))
		if err != nil {
			return "", "offset and length must be whole numbers"
		}
		switch {
		case i == 0 && number < 0:
			bounds[0] = max(number+total, 0)
		case i == 0:
			bounds[0] = min(number, total)
		case number < 0:
			bounds[1] = max(number+total, bounds[0])
		default:
			bounds[1] = bounds[0] + min(number, total-bounds[0])
		}
	}
	return value[byteIndex(value, bounds[0]):byteIndex(value, bounds[1])], ""
}

func byteIndex(s string, characters int) int {
	for i := range s {
		if characters == 0 {
			return i
		}
		characters--
	}
	return len(s)
}
