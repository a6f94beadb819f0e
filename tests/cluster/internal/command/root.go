// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"kubestash.com/kubestash/tests/cluster/internal/lifecycle"
	"kubestash.com/kubestash/tests/cluster/internal/plan"
	"kubestash.com/kubestash/tests/cluster/internal/tool"
)

// Process is what the surrounding process gives us.
type Process struct {
	Out, Err io.Writer
	// Dir is the working directory, Executable our own path.
	Dir, Executable string
	// CacheHome and Home are XDG_CACHE_HOME and HOME.
	CacheHome, Home string
	// State overrides the folder of the cluster; empty means the default.
	State string
	Path  string
	UID   int
	Now   func() time.Time
}

// FromProcess reads it from the real process.
func FromProcess() Process {
	dir, _ := os.Getwd()
	exe, _ := os.Executable()
	if resolved, err := filepath.EvalSymlinks(exe); err == nil {
		exe = resolved
	}
	return Process{
		Out: os.Stdout, Err: os.Stderr, Dir: dir, Executable: exe,
		CacheHome: os.Getenv("XDG_CACHE_HOME"), Home: os.Getenv("HOME"),
		State: os.Getenv("KUBESTASH_CLUSTER_DIR"), Path: os.Getenv("PATH"), UID: os.Getuid(), Now: time.Now,
	}
}

// app carries what every command needs.
type app struct {
	Process
	// project is the checkout; asked is the Kubernetes version of the flag, empty without one; minor is the one to use.
	project, asked, minor string
	place                 plan.Place
	// hasCluster says whether the machine has a cluster.
	hasCluster bool
}

// New is the whole command line.
func New(p Process) *cobra.Command {
	a := &app{Process: p}
	var version string
	root := &cobra.Command{
		Use:   "cluster",
		Short: "A real Kubernetes on one Linux machine, without Docker",
		Long: `A real Kubernetes on one Linux machine, without Docker.

Every server is built from its Go module or comes from a Debian package, at a pinned version. The nodes are network namespaces, joined by a
bridge; they have their own kubelet, containerd and kube-proxy. A machine holds one such cluster; checkouts share it.

Building needs Go and the network. Running needs root on Linux.`,
		SilenceUsage: true, SilenceErrors: true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.settle(version) },
	}
	root.SetOut(p.Out)
	root.SetErr(p.Err)
	root.PersistentFlags().StringVar(&a.project, "project", "", "the checkout (default: found from the working directory)")
	root.PersistentFlags().StringVar(&version, "kubernetes", "", "Kubernetes version: 1.36 or 1.33 (default: that of the running cluster, else 1.36)")
	root.AddCommand(a.cluster()...)
	root.AddCommand(a.images()...)
	root.AddCommand(a.tools()...)
	root.AddCommand(a.serve())
	return root
}

func (a *app) settle(version string) error {
	project := a.project
	if project == "" {
		found, err := plan.FindProject(a.Dir, filepath.Dir(a.Executable))
		if err != nil {
			return err
		}
		project = found
	}
	minor, err := tool.MinorOf(version)
	if err != nil {
		return err
	}
	state := a.State
	if state == "" {
		state = plan.DefaultState
	}
	a.place = plan.Place{Project: project, Cache: plan.CacheFolder(a.CacheHome, a.Home), State: state}
	a.minor = minor
	if version != "" {
		a.asked = minor
	}
	settings, err := lifecycle.ReadSettings(state)
	if err != nil {
		return err
	}
	a.hasCluster = settings != nil
	if version == "" && settings != nil {
		a.minor = settings.Minor
	}
	return nil
}

func (a *app) builder() tool.Builder {
	return tool.Builder{Tools: a.place.Tools(), Cache: a.place.Cache, Out: a.Err, Now: a.Now}
}
