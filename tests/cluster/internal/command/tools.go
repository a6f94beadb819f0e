// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"kubestash.com/kubestash/tests/cluster/internal/tool"
)

// tools are the commands that only build: they need no root.
func (a *app) tools() []*cobra.Command {
	build := &cobra.Command{
		Use:   "build [NAME...]",
		Short: "Build what a cluster needs, or the named tools, into the cache",
		Long:  "Build what a cluster needs, or the named tools, into the cache.\n\nKnown: " + strings.Join(tool.Names(), ", ") + ".",
		RunE: func(cmd *cobra.Command, args []string) error {
			tools := tool.ForCluster(a.minor)
			if len(args) > 0 {
				tools = nil
			}
			for _, name := range args {
				t, _, err := tool.Find(name, a.minor)
				if err != nil {
					return err
				}
				tools = append(tools, t)
			}
			return a.builder().Ensure(cmd.Context(), tools)
		},
	}
	arch := ""
	bin := &cobra.Command{
		Use:     "bin NAME",
		Short:   "Print the path of a program, building it first if need be",
		Example: "  $(bin/cluster bin restic) version\n  bin/cluster bin kubectl --kubernetes 1.33",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := a.builder().BinaryFor(cmd.Context(), args[0], a.minor, arch)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.Out, path)
			return err
		},
	}
	bin.Flags().StringVar(&arch, "arch", "", "the architecture to build for, in Go's name (default: this machine's)")
	assets := &cobra.Command{
		Use:     "assets",
		Short:   "Print a folder with etcd, kube-apiserver and kubectl, for KUBEBUILDER_ASSETS",
		Example: "  KUBEBUILDER_ASSETS=$(bin/cluster assets) go test ./tests/integration/...",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := a.builder().Assets(cmd.Context(), a.minor)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.Out, dir)
			return err
		},
	}
	return []*cobra.Command{build, bin, assets}
}
