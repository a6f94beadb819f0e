// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"errors"
	"fmt"
	"strings"
	"text/template"
	"text/template/parse"
)

const (
	// maxText is how long a template, and anything that it makes, may be. It is in bytes.
	maxText = 64 << 10
	// maxSteps is how often loops may go round in one template.
	maxSteps = 10_000
	// stepName is the function that counts rounds. It is no identifier that somebody would type.
	stepName = "kubestashStep"
)

// render executes one string.
func render(text string, data any) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	steps := 0
	t, err := parsed(text, func() (string, error) {
		if steps++; steps > maxSteps {
			return "", fmt.Errorf("its loops go round more than %d times", maxSteps)
		}
		return "", nil
	})
	if err != nil {
		return "", err
	}
	var out bounded
	if err := t.Execute(&out, data); err != nil {
		return "", readable(err)
	}
	return out.String(), nil
}

// Check says what is wrong with the syntax of a text; nil when nothing is.
func Check(text string) error {
	if !strings.Contains(text, "{{") {
		return nil
	}
	_, err := parsed(text, func() (string, error) { return "", nil })
	return err
}

func parsed(text string, step func() (string, error)) (*template.Template, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("it is longer than %d bytes", maxText)
	}
	all := functions()
	all[stepName] = step
	t, err := template.New("hook").Option("missingkey=error").Funcs(all).Parse(text)
	if err != nil {
		return nil, readable(err)
	}
	if t.Tree == nil || len(t.Templates()) > 1 {
		return nil, errors.New("define and block are not known here")
	}
	count, err := template.New("step").Funcs(all).Parse("{{" + stepName + "}}")
	if err != nil {
		return nil, fmt.Errorf("parsing the step: %w", err)
	}
	if err := guard(t.Root, count.Root.Nodes[0]); err != nil {
		return nil, err
	}
	return t, nil
}

// guard has every round of every loop counted. A template that calls another could go on forever without a loop.
func guard(n parse.Node, step parse.Node) error {
	var lists []*parse.ListNode
	switch n := n.(type) {
	case *parse.TemplateNode:
		return errors.New("template is not known here")
	case *parse.ListNode:
		for _, node := range n.Nodes {
			if err := guard(node, step); err != nil {
				return err
			}
		}
	case *parse.IfNode:
		lists = []*parse.ListNode{n.List, n.ElseList}
	case *parse.WithNode:
		lists = []*parse.ListNode{n.List, n.ElseList}
	case *parse.RangeNode:
		lists = []*parse.ListNode{n.List, n.ElseList}
	}
	for _, list := range lists {
		if list == nil {
			continue
		}
		if err := guard(list, step); err != nil {
			return err
		}
	}
	if loop, ok := n.(*parse.RangeNode); ok {
		loop.List.Nodes = append([]parse.Node{step.Copy()}, loop.List.Nodes...)
	}
	return nil
}

// readable drops the name that the template package puts before each error.
func readable(err error) error {
	text := strings.TrimPrefix(err.Error(), "template: ")
	return errors.New(strings.TrimPrefix(text, "hook:"))
}

// bounded is text that refuses to grow too long.
type bounded struct{ strings.Builder }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxText {
		return 0, fmt.Errorf("the text becomes longer than %d bytes", maxText)
	}
	return b.Builder.Write(p)
}
