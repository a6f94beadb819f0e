// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// options is what a command line asks for.
type options struct {
	quiet, showServer, spider, insecure, keepGoing bool
	// output is -O: empty means a file named after the URL, "-" standard output.
	output, prefix, agent string
	method                string
	body, bodyFile        string
	headers               http.Header
	timeout               time.Duration
	urls                  []string
}

// flags that take no value, and those that take one. A flag may be known by several names.
var (
	switches = map[string]func(*options){
		"q": func(o *options) { o.quiet = true }, "quiet": func(o *options) { o.quiet = true },
		"S": func(o *options) { o.showServer = true }, "server-response": func(o *options) { o.showServer = true },
		"c": func(o *options) { o.keepGoing = true }, "continue": func(o *options) { o.keepGoing = true },
		"spider":               func(o *options) { o.spider = true },
		"no-check-certificate": func(o *options) { o.insecure = true },
		// Accepted and without effect: there is no progress bar, and an error's page is never printed.
		"nv": func(*options) {}, "no-verbose": func(*options) {}, "no-cache": func(*options) {}, "no-proxy": func(*options) {},
	}
	values = map[string]func(*options, string) error{
		"O": setOutput, "output-document": setOutput,
		"T": setTimeout, "timeout": setTimeout,
		"P": setPrefix, "directory-prefix": setPrefix,
		"U": setAgent, "user-agent": setAgent,
		"header":      setHeader,
		"method":      func(o *options, v string) error { o.method = strings.ToUpper(v); return nil },
		"post-data":   setBody,
		"body-data":   setBody,
		"post-file":   setBodyFile,
		"body-file":   setBodyFile,
		"Y":           ignore,
		"t":           ignore,
		"tries":       ignore,
		"o":           ignore,
		"output-file": ignore,
	}
)

func setOutput(o *options, v string) error   { o.output = v; return nil }
func setPrefix(o *options, v string) error   { o.prefix = v; return nil }
func setAgent(o *options, v string) error    { o.agent = v; return nil }
func setBody(o *options, v string) error     { o.body, o.method = v, post(o.method); return nil }
func setBodyFile(o *options, v string) error { o.bodyFile, o.method = v, post(o.method); return nil }
func ignore(*options, string) error          { return nil }

func post(method string) string {
	if method == "" {
		return http.MethodPost
	}
	return method
}

func setTimeout(o *options, v string) error {
	seconds, err := strconv.ParseFloat(v, 64)
	if err != nil || seconds < 0 {
		return fmt.Errorf("invalid number '%s'", v)
	}
	o.timeout = time.Duration(seconds * float64(time.Second))
	return nil
}

func setHeader(o *options, v string) error {
	name, value, found := strings.Cut(v, ":")
	if !found {
		return fmt.Errorf("invalid header '%s'", v)
	}
	o.headers.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	return nil
}

// parse reads a command line as getopt_long does: flags anywhere, short ones joined, values joined or apart.
func parse(args []string) (options, error) {
	o := options{headers: http.Header{}, agent: "Wget", timeout: 15 * time.Minute}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		next := func() (string, error) {
			i++
			if i >= len(args) {
				return "", fmt.Errorf("option requires an argument: '%s'", arg)
			}
			return args[i], nil
		}
		var err error
		switch {
		case arg == "--":
			o.urls = append(o.urls, args[i+1:]...)
			i = len(args)
		case strings.HasPrefix(arg, "--"):
			err = o.long(arg[2:], next)
		case strings.HasPrefix(arg, "-") && arg != "-":
			err = o.short(arg[1:], next)
		default:
			o.urls = append(o.urls, arg)
		}
		if err != nil {
			return o, err
		}
	}
	if len(o.urls) == 0 {
		return o, errors.New("missing URL")
	}
	return o, nil
}

func (o *options) long(text string, next func() (string, error)) error {
	name, value, joined := strings.Cut(text, "=")
	if set, known := switches[name]; known && len(name) > 1 {
		set(o)
		return nil
	}
	set, known := values[name]
	if !known || len(name) == 1 {
		return fmt.Errorf("unrecognized option '--%s'", name)
	}
	if !joined {
		var err error
		if value, err = next(); err != nil {
			return err
		}
	}
	return set(o, value)
}

func (o *options) short(text string, next func() (string, error)) error {
	if set, known := switches[text]; known && len(text) == 2 {
		set(o)
		return nil
	}
	for text != "" {
		name := text[:1]
		text = text[1:]
		if set, known := switches[name]; known {
			set(o)
			continue
		}
		set, known := values[name]
		if !known {
			return fmt.Errorf("invalid option -- '%s'", name)
		}
		value := text
		if value == "" {
			var err error
			if value, err = next(); err != nil {
				return err
			}
		}
		return set(o, value)
	}
	return nil
}
