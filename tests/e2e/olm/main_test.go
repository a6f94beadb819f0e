// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build olm

package olm

import (
	"context"
	"fmt"
	"os"
	"testing"

	operatorsv1 "github.com/operator-framework/api/pkg/operators/v1"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	"sigs.k8s.io/e2e-framework/pkg/env"
	"sigs.k8s.io/e2e-framework/pkg/envconf"
	"sigs.k8s.io/e2e-framework/pkg/features"

	"kubestash.com/kubestash/tests/kit/stage"
)

const password = "canary-olm-password-41aa07"

var (
	host  *stage.Host
	suite env.Environment
)

func TestMain(m *testing.M) {
	suite = env.New()
	suite.Setup(func(ctx context.Context, cfg *envconf.Config) (context.Context, error) {
		var err error
		// What an earlier story has left goes only while there is an operator.
		if host, err = stage.Open(ctx, "olm", os.Stderr, "deploy", "undeploy"); err != nil {
			return ctx, err
		}
		cfg.WithKubeconfigFile(host.Kubeconfig)
		for _, add := range []func() error{
			func() error { return operatorsv1.AddToScheme(host.Client.Scheme()) },
			func() error { return operatorsv1alpha1.AddToScheme(host.Client.Scheme()) },
		} {
			if err := add(); err != nil {
				return ctx, fmt.Errorf("learning OLM's kinds: %w", err)
			}
		}
		return ctx, host.Reach(ctx)
	})
	suite.Finish(func(ctx context.Context, _ *envconf.Config) (context.Context, error) {
		if host == nil {
			return ctx, nil // it was not opened, which has been told
		}
		if err := host.Close(ctx); err != nil {
			// The framework only logs what goes wrong at the end.
			fmt.Fprintln(os.Stderr, "FAIL:", err)
			os.Exit(1)
		}
		return ctx, nil
	})
	os.Exit(suite.Run(m))
}

// step makes a step of a feature. A chapter that failed leaves nothing that the next could begin with.
func step(do func(ctx context.Context, t *testing.T)) features.Func {
	return func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
		do(ctx, t)
		if t.Failed() {
			t.FailNow()
		}
		return ctx
	}
}
