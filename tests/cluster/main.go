// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Command cluster runs a real Kubernetes of one or two nodes on one Linux machine, without Docker, from sources and Debian packages.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"kubestash.com/kubestash/tests/cluster/internal/command"
)

func main() {
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command.New(command.FromProcess()).ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		return 1
	}
	return 0
}
