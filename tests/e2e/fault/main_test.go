// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build fault

package fault

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"kubestash.com/kubestash/tests/kit/stage"
)

var host *stage.Host

// together is how many tests run at a time, whatever the number of cores: they mostly wait.
const together = "6"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", together); err != nil {
		panic(err)
	}
	ctx := context.Background()
	var err error
	if host, err = stage.Open(ctx, "fault", os.Stderr, "deploy"); err == nil {
		err = host.Reach(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		os.Exit(1)
	}
	code := m.Run()
	if err := host.Close(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		code = 1
	}
	os.Exit(code)
}
