// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Command judge answers: may a bundle with these findings be released?
//
// It reads what "operator-sdk bundle validate --output json-alpha1" has printed. Errors and warnings are failures, but for those that a file
// allows: a line of it is the reason, ": ", and a part of the finding's text. What is allowed and wasn't found is a failure too.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: judge <file of what is allowed> <file of findings>")
		os.Exit(2)
	}
	allowed, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(1)
	}
	findings, err := os.ReadFile(os.Args[2])
	if err == nil {
		err = judge(os.Stdout, string(allowed), findings)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(1)
	}
}

type report struct {
	Passed  bool `json:"passed"`
	Outputs []struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	} `json:"outputs"`
}

// judge fails upon the first thing that may not be.
func judge(out io.Writer, allowed string, findings []byte) error {
	var r report
	if err := json.Unmarshal(findings, &r); err != nil {
		return fmt.Errorf("reading the findings: %w", err)
	}
	reasons, err := parse(allowed)
	if err != nil {
		return err
	}
	used := map[string]bool{}
	var wrong []string
	for _, o := range r.Outputs {
		if o.Type != "error" && o.Type != "warning" {
			continue
		}
		text, ok := find(reasons, o.Message)
		if !ok || o.Type == "error" {
			wrong = append(wrong, o.Type+": "+o.Message)
			continue
		}
		used[text] = true
		fmt.Fprintf(out, "allowed: %s\n    because %s\n", o.Message, reasons[text])
	}
	for text, reason := range reasons {
		if !used[text] {
			wrong = append(wrong, fmt.Sprintf("nothing says %q any more, which was allowed because %s", text, reason))
		}
	}
	if len(wrong) > 0 {
		return errors.New("the bundle isn't good:\n" + strings.Join(wrong, "\n"))
	}
	if !r.Passed {
		return errors.New("the bundle isn't good, and nobody says why")
	}
	fmt.Fprintln(out, "the bundle is good")
	return nil
}

// parse reads what is allowed: the reason by the text.
func parse(allowed string) (map[string]string, error) {
	reasons := map[string]string{}
	for line := range strings.Lines(allowed) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		reason, text, ok := strings.Cut(line, ": ")
		if !ok || reason == "" || text == "" {
			return nil, fmt.Errorf("reading what is allowed: %q has no reason and text", line)
		}
		reasons[text] = reason
	}
	return reasons, nil
}

func find(reasons map[string]string, message string) (string, bool) {
	for text := range reasons {
		if strings.Contains(message, text) {
			return text, true
		}
	}
	return "", false
}
