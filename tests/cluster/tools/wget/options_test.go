// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for sentence, c := range map[string]struct {
		args  []string
		check func(options) bool
	}{
		"short flags may be joined, with a value at the end": {
			[]string{"-qO-", "http://a"}, func(o options) bool { return o.quiet && o.output == "-" && o.urls[0] == "http://a" },
		},
		"a value may be apart":        {[]string{"-q", "-O", "/dev/null", "a"}, func(o options) bool { return o.output == "/dev/null" }},
		"flags may follow the URL":    {[]string{"a", "-T", "2"}, func(o options) bool { return o.timeout == 2*time.Second && len(o.urls) == 1 }},
		"a long flag takes =":         {[]string{"--timeout=1.5", "a"}, func(o options) bool { return o.timeout == 1500*time.Millisecond }},
		"a body makes it a POST":      {[]string{"--post-data", "x=1", "a"}, func(o options) bool { return o.method == "POST" && o.body == "x=1" }},
		"a method survives a body":    {[]string{"--method=PUT", "--body-data=x", "a"}, func(o options) bool { return o.method == "PUT" }},
		"headers add up":              {[]string{"--header", "A: 1", "--header=A: 2", "a"}, func(o options) bool { return len(o.headers["A"]) == 2 }},
		"-nv is one flag, not two":    {[]string{"-nv", "a"}, func(o options) bool { return len(o.urls) == 1 && !o.quiet }},
		"after -- there are no flags": {[]string{"--", "-q"}, func(o options) bool { return o.urls[0] == "-q" && !o.quiet }},
	} {
		t.Run(sentence, func(t *testing.T) {
			o, err := parse(c.args)
			if err != nil || !c.check(o) {
				t.Errorf("parse(%q) = %+v, %v", c.args, o, err)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for sentence, args := range map[string][]string{
		"no URL": {"-q"}, "an unknown flag": {"--frobnicate", "a"}, "an unknown short flag": {"-Z", "a"}, "a flag without its value": {"a", "-O"},
		"a bad number": {"-T", "x", "a"}, "a header without a colon": {"--header", "x", "a"},
	} {
		t.Run(sentence, func(t *testing.T) {
			if o, err := parse(args); err == nil {
				t.Errorf("parse(%q) = %+v, want an error", args, o)
			}
		})
	}
}
