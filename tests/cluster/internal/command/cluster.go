// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"kubestash.com/kubestash/tests/cluster/internal/lifecycle"
)

// cluster are the commands about the cluster as a whole.
func (a *app) cluster() []*cobra.Command {
	return []*cobra.Command{a.deps(), a.up(), a.down(), a.stopServer(), a.status(), a.env(), a.kubeconfig(), a.olm(), a.olmv1(), a.prune()}
}

func (a *app) deps() *cobra.Command {
	install := false
	cmd := &cobra.Command{
		Use:   "deps",
		Short: "List the Debian packages that are missing here, or install them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if install {
				if err := a.machine().CheckMachine(); err != nil {
					return err
				}
				return a.machine().InstallPackages(cmd.Context())
			}
			for _, p := range a.machine().MissingPackages() {
				fmt.Fprintln(a.Out, p)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&install, "install", false, "install them with apt-get")
	return cmd
}

func (a *app) up() *cobra.Command {
	nodes := 0
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start the cluster, or make a damaged one whole; a second time changes nothing",
		Long: `Start the cluster, or make a damaged one whole; a second time changes nothing.

The first time on a machine it installs Debian packages and builds the servers from source, and says so before it does. It leaves a kubeconfig
at .cluster/kubeconfig and the servers' logs below .cluster/logs.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			start := a.Now()
			if err := a.machine().Up(cmd.Context(), lifecycle.Request{Nodes: nodes, Minor: a.asked}); err != nil {
				return err
			}
			fmt.Fprintf(a.Err, "the cluster runs (%.1fs); next: eval \"$(make -s cluster-env)\" && kubectl get nodes\n", a.Now().Sub(start).Seconds())
			return nil
		},
	}
	cmd.Flags().IntVar(&nodes, "nodes", 0, "number of nodes (default: that of the running cluster, else 2)")
	return cmd
}

func (a *app) down() *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Take the cluster away, with everything in it; images, binaries and logs stay",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			start := a.Now()
			if err := a.machine().Down(cmd.Context()); err != nil {
				return err
			}
			left, err := a.machine().Leftovers()
			if err != nil {
				return err
			}
			if len(left) > 0 {
				return fmt.Errorf("taking the cluster away: left behind: %s", strings.Join(left, ", "))
			}
			fmt.Fprintf(a.Err, "the cluster is gone (%.1fs)\n", a.Now().Sub(start).Seconds())
			return nil
		},
	}
}

func (a *app) stopServer() *cobra.Command {
	return &cobra.Command{
		Use:     "stop-server NAME",
		Short:   "Kill one server, as a machine loses one; up starts it again",
		Example: "  cluster stop-server kubelet-node1",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.machine().StopServer(cmd.Context(), args[0]) },
	}
}

func (a *app) status() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show the servers and the nodes; fails unless all of them run",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.machine().Status(cmd.Context(), a.Out) },
	}
}

func (a *app) env() *cobra.Command {
	return &cobra.Command{
		Use:     "env",
		Short:   "Print the shell commands that set KUBECONFIG and PATH",
		Example: "  eval \"$(bin/cluster env)\"",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := a.publish(); err != nil {
				return err
			}
			dirs := []string{filepath.Join(a.place.Local(), "bin"), filepath.Join(a.place.Project, "bin")}
			fmt.Fprintf(a.Out, "export KUBECONFIG=%s\n", quote(a.place.Kubeconfig()))
			fmt.Fprintf(a.Out, "export PATH=%s:\"$PATH\"\n", quote(strings.Join(dirs, ":")))
			return nil
		},
	}
}

func (a *app) kubeconfig() *cobra.Command {
	return &cobra.Command{
		Use:   "kubeconfig",
		Short: "Print the path of the cluster's kubeconfig",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := a.publish(); err != nil {
				return err
			}
			_, err := fmt.Fprintln(a.Out, a.place.Kubeconfig())
			return err
		},
	}
}

func (a *app) prune() *cobra.Command {
	return &cobra.Command{
		Use:   "prune",
		Short: "Remove all images and outdated binaries from the cache, while there is no cluster",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.hasCluster {
				return errors.New("pruning the cache: a cluster uses it; run cluster-down first")
			}
			return a.machine().Prune(cmd.Context())
		},
	}
}

// publish writes the checkout's view again: another checkout may have started the cluster.
func (a *app) publish() error {
	if !a.hasCluster {
		return errors.New("looking for the cluster: there is none on this machine; run cluster-up first")
	}
	return a.machine().Publish()
}

// quote makes one word of a text for a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
