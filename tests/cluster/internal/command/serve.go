// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"kubestash.com/kubestash/tests/cluster/internal/forward"
	"kubestash.com/kubestash/tests/cluster/internal/lifecycle"
	"kubestash.com/kubestash/tests/cluster/internal/plan"
	"kubestash.com/kubestash/tests/cluster/internal/volume"
)

// serve are the servers that this program is itself; "up" starts them.
func (a *app) serve() *cobra.Command {
	parent := &cobra.Command{Use: "serve", Short: "The servers that this program is itself", Hidden: true}
	logger := slog.New(slog.NewTextHandler(a.Err, nil))
	parent.AddCommand(
		&cobra.Command{
			Use: "forward", Short: "Forward the registry's name on the host to the registry", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return forward.Run(cmd.Context(), plan.RegistryName, plan.RegistryAddress, logger)
			},
		},
		&cobra.Command{
			Use: "volumes", Short: "Provision volumes", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return a.volumes(cmd.Context(), logger) },
		},
	)
	return parent
}

func (a *app) volumes(ctx context.Context, logger *slog.Logger) error {
	client, err := a.machine().Client()
	if err != nil {
		return err
	}
	layout, err := plan.New(1, a.place.State)
	if err != nil {
		return err
	}
	p := volume.Provisioner{Client: client, State: a.place.State, Node: layout.First().Name, Logger: logger}
	return p.Run(ctx)
}

// machine is this machine, for the commands that change it.
func (a *app) machine() lifecycle.Machine {
	return lifecycle.Machine{
		Place: a.place, Builder: a.builder(), Out: a.Err, Now: a.Now, Executable: a.Executable, Path: a.Path, Root: a.UID == 0,
	}
}
