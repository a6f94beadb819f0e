// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) pushIndex() *cobra.Command {
	var repository string
	var tags []string
	cmd := &cobra.Command{
		Use:     "push-index REFERENCE...",
		Short:   "Make one name of images for several platforms, and print its reference",
		Example: "  bin/cluster push-index --name kubestash-mover kubestash-mover:1a2b3c kubestash-mover:4d5e6f",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withRegistry(cmd.Context(), func(ctx context.Context) error {
				ref, err := a.machine().Store().PushIndex(ctx, repository, args, tags...)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(a.Out, ref)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&repository, "name", "", "the index's name in the registry")
	cmd.Flags().StringSliceVar(&tags, "tag", nil, "further tags")
	_ = cmd.MarkFlagRequired("name")
	return cmd
}
