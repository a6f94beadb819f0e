// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Command coredns is CoreDNS with the seven plugins that a test cluster's DNS needs.
//
// The stock binary carries some forty plugins, with the clients of three clouds among them; leaving them out takes a third off the time
// to build it and off the memory that it uses. The Corefile language is the same.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
	_ "github.com/coredns/coredns/plugin/template"
)

func main() {
	// The order is the order in which a query passes the plugins, whatever the Corefile's order is.
	dnsserver.Directives = []string{"reload", "health", "ready", "errors", "cache", "template", "kubernetes"}
	coremain.Run()
}
