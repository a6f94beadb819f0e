// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-logr/logr/funcr"
)

func TestProxies(t *testing.T) {
	for name, c := range map[string]struct {
		environ, want []string
		told          string
	}{
		"none":                                   {environ: []string{"HOME=/", "AWS_SECRET_ACCESS_KEY=x"}},
		"both spellings, in a fixed order":       {environ: []string{"https_proxy=p:1", "NO_PROXY=.svc", "HTTPS_PROXY=http://p:1"}, want: []string{"HTTPS_PROXY=http://p:1", "NO_PROXY=.svc", "https_proxy=p:1"}},
		"an empty one is none":                   {environ: []string{"HTTP_PROXY="}},
		"a name alone is shown":                  {environ: []string{"HTTP_PROXY=http://me@p:1"}, want: []string{"HTTP_PROXY=http://me@p:1"}},
		"a password is not shown, and that told": {environ: []string{"HTTP_PROXY=http://me:canary@p:1"}, told: "HTTP_PROXY"},
		"without a scheme, too":                  {environ: []string{"HTTP_PROXY=me:canary@p:1"}, told: "HTTP_PROXY"},
		"nor what can't be read":                 {environ: []string{"HTTP_PROXY=http://me:can%zzary@p:1"}, told: "HTTP_PROXY"},
	} {
		t.Run(name, func(t *testing.T) {
			var told strings.Builder
			log := funcr.New(func(prefix, args string) { told.WriteString(prefix + args) }, funcr.Options{})
			var got []string
			for _, e := range proxies(log, c.environ) {
				got = append(got, e.Name+"="+e.Value)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if !strings.Contains(told.String(), c.told) || c.told == "" && told.Len() > 0 || strings.Contains(told.String(), "canary") {
				t.Errorf("the log says %q", told.String())
			}
		})
	}
}
