// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Command wget is the wget of the busybox image: Debian's busybox crashes in its own with a timeout, and on some machines without one.
//
// It takes busybox's options and those of GNU's that scripts commonly use, prints busybox's messages, and exits with 1 on any failure.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "wget: %v\nUsage: wget [-cqS] [--spider] [-O FILE] [-T SEC] [--header STR]... [--post-data STR | --post-file FILE]\n"+
			"\t[--method STR] [--no-check-certificate] [-P DIR] [-U AGENT] URL...\n", err)
		os.Exit(1)
	}
	failed := false
	for _, u := range o.urls {
		if err := fetch(o, u); err != nil {
			fmt.Fprintln(os.Stderr, "wget:", err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

func fetch(o options, raw string) error {
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return fmt.Errorf("not an http or ftp url: %s", raw)
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.timeout)
	defer cancel()
	req, err := o.request(ctx, u)
	if err != nil {
		return err
	}
	if !o.quiet {
		fmt.Fprintf(os.Stderr, "Connecting to %s\n", u.Host)
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{InsecureSkipVerify: o.insecure}}
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return explain(err, u)
	}
	defer res.Body.Close()
	if o.showServer {
		fmt.Fprintf(os.Stderr, "  %s %s\n", res.Proto, res.Status)
		for name, all := range res.Header {
			for _, v := range all {
				fmt.Fprintf(os.Stderr, "  %s: %s\n", name, v)
			}
		}
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("server returned error: %s %s", res.Proto, res.Status)
	}
	if o.spider {
		return nil
	}
	return o.save(res.Body, u)
}

func (o options) request(ctx context.Context, u *url.URL) (*http.Request, error) {
	method := o.method
	if method == "" {
		method = http.MethodGet
		if o.spider {
			method = http.MethodHead
		}
	}
	var body io.Reader
	if o.body != "" {
		body = strings.NewReader(o.body)
	}
	if o.bodyFile != "" {
		data, err := os.ReadFile(o.bodyFile)
		if err != nil {
			return nil, fmt.Errorf("can't open '%s': %w", o.bodyFile, errors.Unwrap(err))
		}
		body = strings.NewReader(string(data))
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", o.agent)
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, all := range o.headers {
		req.Header[name] = all
		if strings.EqualFold(name, "Host") {
			req.Host = all[0]
		}
	}
	if u.User != nil {
		password, _ := u.User.Password()
		req.SetBasicAuth(u.User.Username(), password)
	}
	return req, nil
}

func (o options) save(body io.Reader, u *url.URL) error {
	name := o.output
	if name == "-" {
		_, err := io.Copy(os.Stdout, body)
		return cut(err)
	}
	if name == "" {
		name = path.Base(u.Path)
		if name == "." || name == "/" {
			name = "index.html"
		}
		name = filepath.Join(o.prefix, name)
		if _, err := os.Stat(name); err == nil && !o.keepGoing {
			return fmt.Errorf("can't open '%s': File exists", name)
		}
	}
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("can't open '%s': %w", name, errors.Unwrap(err))
	}
	_, err = io.Copy(f, body)
	if err := errors.Join(cut(err), f.Close()); err != nil {
		return err
	}
	if !o.quiet {
		fmt.Fprintf(os.Stderr, "'%s' saved\n", name)
	}
	return nil
}

func cut(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("download timed out")
	}
	return err
}

// explain says a failure in busybox's words, which scripts and people know.
func explain(err error, u *url.URL) error {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns) && !dns.IsTimeout:
		return fmt.Errorf("bad address '%s'", u.Hostname())
	case errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("download timed out")
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("can't connect to remote host (%s): Connection refused", u.Host)
	}
	var inner *url.Error
	if errors.As(err, &inner) {
		return inner.Err
	}
	return err
}
