// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

// olm installs OLM.
func (a *app) olm() *cobra.Command {
	return &cobra.Command{
		Use:   "olm",
		Short: "Install OLM v0 into the running cluster, or make it whole again",
		Long: `Install OLM v0 into the running cluster, or make it whole again.

The first time on a machine it builds OLM and opm from source. Catalogs are served by the image "opm", which "cluster image opm" prints.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.install(cmd.Context(), "OLM", "deploy-olm", a.machine().OLM, [2]string{"olm", "opm"})
		},
	}
}

// olmv1 installs OLM v1.
func (a *app) olmv1() *cobra.Command {
	return &cobra.Command{
		Use:   "olmv1",
		Short: "Install OLM v1 into the running cluster, or make it whole again",
		Long: `Install OLM v1 (operator-controller and catalogd) into the running cluster, or make it whole again, with what it needs of cert-manager.

The first time on a machine it builds them from source.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.install(cmd.Context(), "OLM v1", "deploy-olmv1", a.machine().OLMv1, [2]string{"operator-controller", "cert-manager"})
		},
	}
}

// install makes two images and installs what runs in them.
func (a *app) install(ctx context.Context, what, next string, install func(ctx context.Context, minor, image, other string) error, names [2]string) error {
	if !a.hasCluster {
		return fmt.Errorf("installing %s: there is no cluster; run cluster-up first", what)
	}
	start := a.Now()
	var images []string
	err := a.withRegistry(ctx, func(ctx context.Context) error {
		for _, name := range names {
			ref, err := a.machine().Kitchen(a.minor).Ensure(ctx, name)
			if err != nil {
				return err
			}
			images = append(images, ref)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := install(ctx, a.minor, images[0], images[1]); err != nil {
		return err
	}
	fmt.Fprintf(a.Err, "%s runs (%.1fs); next: make %s\n", what, a.Now().Sub(start).Seconds(), next)
	return nil
}
