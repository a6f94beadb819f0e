// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"fmt"
	"strings"
)

// maxNesting bounds how deep ${…} may stand inside ${…}: the parser recurses.
const maxNesting = 32

// A word is a text in which variables stand.
type word []node

// A node is a literal, or a variable when name isn't empty.
type node struct {
	literal string
	name    string
	op      operator
	args    []word
	offset  int
}

type operator string

const (
	opValue        operator = ""
	opLength       operator = "length"
	opDefault      operator = "default"
	opUpperFirst   operator = "^"
	opUpper        operator = "^^"
	opLowerFirst   operator = ","
	opLower        operator = ",,"
	opPart         operator = ":"
	opShortPrefix  operator = "#"
	opLongPrefix   operator = "##"
	opShortSuffix  operator = "%"
	opLongSuffix   operator = "%%"
	opReplace      operator = "/"
	opReplaceAll   operator = "//"
	opReplaceStart operator = "/#"
	opReplaceEnd   operator = "/%"
)

// symbols lists operators as they are spelled after the name; a longer one stands before its own prefix.
var symbols = []struct {
	text string
	op   operator
	// stops are the bytes that end each argument but the last; the last ends at "}".
	stops []string
}{
	{":=", opDefault, []string{""}},
	{":-", opDefault, []string{""}},
	{"=", opDefault, []string{""}},
	{":", opPart, []string{":", ""}},
	{"^^", opUpper, nil},
	{"^", opUpperFirst, nil},
	{",,", opLower, nil},
	{",", opLowerFirst, nil},
	{"##", opLongPrefix, []string{""}},
	{"#", opShortPrefix, []string{""}},
	{"%%", opLongSuffix, []string{""}},
	{"%", opShortSuffix, []string{""}},
	{"//", opReplaceAll, []string{"/", ""}},
	{"/#", opReplaceStart, []string{"/", ""}},
	{"/%", opReplaceEnd, []string{"/", ""}},
	{"/", opReplace, []string{"/", ""}},
}

type parser struct {
	text  string
	pos   int
	depth int
}

func parse(text string) (word, error) {
	p := &parser{text: text}
	return p.word("")
}

// word reads until one of the stop bytes, which it leaves unread, or until the end of the text.
func (p *parser) word(stops string) (word, error) {
	var parsed word
	var literal strings.Builder
	for p.pos < len(p.text) {
		rest := p.text[p.pos:]
		switch {
		case strings.HasPrefix(rest, "$$"):
			literal.WriteByte('$')
			p.pos += 2
		case strings.HasPrefix(rest, "${"):
			variable, err := p.variable()
			if err != nil {
				return nil, err
			}
			if literal.Len() > 0 {
				parsed = append(parsed, node{literal: literal.String()})
				literal.Reset()
			}
			parsed = append(parsed, variable)
		case strings.Contains(stops, "/") && strings.HasPrefix(rest, `\/`):
			literal.WriteByte('/')
			p.pos += 2
		case strings.IndexByte(stops, rest[0]) >= 0:
			return appendLiteral(parsed, &literal), nil
		default:
			literal.WriteByte(rest[0])
			p.pos++
		}
	}
	return appendLiteral(parsed, &literal), nil
}

func appendLiteral(parsed word, literal *strings.Builder) word {
	if literal.Len() == 0 {
		return parsed
	}
	return append(parsed, node{literal: literal.String()})
}

// variable reads from "${" to its "}".
func (p *parser) variable() (node, error) {
	start := p.pos
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxNesting {
		return node{}, p.fail(start, "more than %d nested ${", maxNesting)
	}
	p.pos += len("${")
	parsed := node{offset: start}
	if strings.HasPrefix(p.text[p.pos:], "#") {
		parsed.op = opLength
		p.pos++
	}
	parsed.name = p.name()
	if parsed.name == "" {
		return node{}, p.fail(start, "${ is not followed by a name of letters, digits and _")
	}
	if parsed.op == opValue {
		if err := p.operation(&parsed); err != nil {
			return node{}, err
		}
	}
	switch {
	case p.pos == len(p.text):
		return node{}, p.fail(start, "${%s is not closed by }", parsed.name)
	case p.text[p.pos] != '}':
		return node{}, p.fail(p.pos, "${%s is followed by %q, which is no operator", parsed.name, p.text[p.pos])
	}
	p.pos++
	return parsed, nil
}

func (p *parser) name() string {
	start := p.pos
	for p.pos < len(p.text) && isNameByte(p.text[p.pos]) {
		p.pos++
	}
	return p.text[start:p.pos]
}

func (p *parser) operation(parsed *node) error {
	for _, symbol := range symbols {
		if !strings.HasPrefix(p.text[p.pos:], symbol.text) {
			continue
		}
		parsed.op = symbol.op
		p.pos += len(symbol.text)
		for i, stop := range symbol.stops {
			arg, err := p.argument(stop, symbol.stops)
			if err != nil {
				return err
			}
			parsed.args = append(parsed.args, arg)
			if i == len(symbol.stops)-1 || p.pos == len(p.text) || p.text[p.pos] == '}' {
				break
			}
			p.pos++
		}
		return nil
	}
	return nil
}

func (p *parser) argument(stop string, stops []string) (word, error) {
	// In a replacement a slash no longer ends anything, but "\/" still means one.
	if stop == "" && stops[0] == "/" {
		return p.replacement()
	}
	return p.word(stop + "}")
}

func (p *parser) replacement() (word, error) {
	var whole word
	for {
		part, err := p.word("/}")
		if err != nil {
			return nil, err
		}
		whole = append(whole, part...)
		if p.pos == len(p.text) || p.text[p.pos] == '}' {
			return whole, nil
		}
		whole = append(whole, node{literal: "/"})
		p.pos++
	}
}

func (p *parser) fail(offset int, format string, args ...any) error {
	return &Syntax{Offset: offset, Problem: fmt.Sprintf(format, args...)}
}

func isNameByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_'
}
