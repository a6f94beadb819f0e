// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
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
			if !a.hasCluster {
				return errors.New("installing OLM: there is no cluster; run cluster-up first")
			}
			start := a.Now()
			var images []string
			err := a.withRegistry(cmd.Context(), func(ctx context.Context) error {
				for _, name := range []string{"olm", "opm"} {
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
			if err := a.machine().OLM(cmd.Context(), a.minor, images[0], images[1]); err != nil {
				return err
			}
			fmt.Fprintf(a.Err, "OLM runs (%.1fs); next: make deploy-olm\n", a.Now().Sub(start).Seconds())
			return nil
		},
	}
}
