// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"

	"sigs.k8s.io/e2e-framework/pkg/env"
	"sigs.k8s.io/e2e-framework/pkg/envconf"

	"kubestash.com/kubestash/tests/kit/stage"
)

// password is recognisable: a test looks for it wherever it must not be.
const password = "canary-e2e-password-0e94ab"

var (
	// host is the cluster that the suite runs on.
	host  *stage.Host
	suite env.Environment
)

func TestMain(m *testing.M) {
	suite = env.New()
	suite.Setup(open)
	suite.Finish(leaveNothing)
	os.Exit(suite.Run(m))
}

func open(ctx context.Context, cfg *envconf.Config) (context.Context, error) {
	var err error
	if host, err = stage.Open(ctx, "e2e", os.Stderr, "deploy"); err != nil {
		return ctx, err
	}
	cfg.WithKubeconfigFile(host.Kubeconfig)
	return ctx, nil
}

func leaveNothing(ctx context.Context, _ *envconf.Config) (context.Context, error) {
	if host == nil {
		return ctx, nil // it was not opened, which has been told
	}
	if err := host.Close(ctx); err != nil {
		// The framework only logs what goes wrong at the end.
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		os.Exit(1)
	}
	return ctx, nil
}
