// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"kubestash.com/kubestash/tests/cluster/internal/network"
	"kubestash.com/kubestash/tests/cluster/internal/pki"
	"kubestash.com/kubestash/tests/cluster/internal/plan"
	"kubestash.com/kubestash/tests/cluster/internal/process"
	"kubestash.com/kubestash/tests/cluster/internal/render"
	"kubestash.com/kubestash/tests/cluster/internal/tool"
)

// step is one line of progress.
type step struct {
	name string
	run  func(context.Context) error
}

// Up makes the cluster run, whatever state it's in. Everything that is as it should be is left alone.
func (m Machine) Up(ctx context.Context, want Request) error {
	if err := m.CheckMachine(); err != nil {
		return err
	}
	held, err := m.Lock(ctx)
	if err != nil {
		return err
	}
	defer held.Release()
	settings, c, err := m.settle(ctx, want)
	if err != nil {
		return err
	}
	if err := m.announce(settings); err != nil {
		return err
	}
	if err := m.InstallPackages(ctx); err != nil {
		return err
	}
	m.Builder.IsAnnounced = true
	if err := m.Builder.Ensure(ctx, tool.ForCluster(settings.Minor)); err != nil {
		return err
	}
	u := &ascent{Machine: m, c: c, settings: settings}
	if u.files, err = m.files(settings.Minor); err != nil {
		return err
	}
	return m.run(ctx, u.steps())
}

// settle decides what the cluster will be, and clears away one that a restart of the machine has left.
func (m Machine) settle(ctx context.Context, want Request) (Settings, plan.Cluster, error) {
	have, err := ReadSettings(m.Place.State)
	if err != nil {
		return Settings{}, plan.Cluster{}, err
	}
	if have != nil && have.isFromAnotherBoot() {
		fmt.Fprintln(m.Out, "the machine was restarted since the cluster was made; making a new one")
		if err := m.down(ctx); err != nil {
			return Settings{}, plan.Cluster{}, err
		}
		have = nil
	}
	if have == nil && m.isHalfMade() {
		fmt.Fprintln(m.Out, "clearing away a cluster that wasn't finished, or has lost its records")
		if err := m.down(ctx); err != nil {
			return Settings{}, plan.Cluster{}, err
		}
	}
	boot, err := process.Boot()
	if err != nil {
		return Settings{}, plan.Cluster{}, err
	}
	s, err := merge(have, want, boot)
	if err != nil {
		return s, plan.Cluster{}, err
	}
	c, err := plan.New(s.Nodes, m.Place.State)
	return s, c, err
}

// isHalfMade says whether there are parts of nodes on this machine.
func (m Machine) isHalfMade() bool {
	all, err := plan.New(plan.MaxNodes, m.Place.State)
	return err == nil && slices.ContainsFunc(all.Nodes, func(n plan.Node) bool {
		return m.cgroups().Exists(n.CgroupRoot) || network.HasNode(n)
	})
}

// announce says what will be done to the machine before it's done.
func (m Machine) announce(s Settings) error {
	missing, err := m.Builder.Missing(tool.ForCluster(s.Minor))
	if err != nil {
		return err
	}
	packages := m.MissingPackages()
	if len(missing) == 0 && len(packages) == 0 {
		return nil
	}
	fmt.Fprintf(m.Out, "a Kubernetes %s of %d nodes on this machine, as root:\n", s.Minor, s.Nodes)
	if len(packages) > 0 {
		fmt.Fprintf(m.Out, "  Debian packages to install: %v\n", packages)
	}
	if len(missing) > 0 {
		fmt.Fprintf(m.Out, "  %s\n  into %s\n", tool.Forecast(missing), m.Builder.Cache)
	}
	fmt.Fprintf(m.Out, "  it will live in %s, with network namespaces, a bridge %s and control groups; cluster-down removes all of it\n",
		m.Place.State, plan.Bridge)
	return nil
}

// run runs steps one after another. A step that takes long is shown with its time.
func (m Machine) run(ctx context.Context, steps []step) error {
	for i, s := range steps {
		start := m.Now()
		if err := s.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		took := m.Now().Sub(start)
		fmt.Fprintf(m.Out, "[%2d/%d] %-44s %5.1fs\n", i+1, len(steps), s.name, took.Seconds())
	}
	return nil
}

// ascent is one run of Up.
type ascent struct {
	Machine
	c        plan.Cluster
	settings Settings
	files    render.Files
	// pause is the reference of the image that holds pods' namespaces.
	pause string
	// coredns is the reference of the DNS image.
	coredns string
	// namespaces identifies each node's network namespace.
	namespaces map[string]string
	// revived counts the times that dead servers were started again.
	revived int
}

func (u *ascent) steps() []step {
	return []step{
		{"wiring the network", u.wire},
		{"starting the registry", u.EnsureRegistry},
		{"making the images", u.images},
		{"writing keys and configuration", u.configure},
		{"starting the control plane", u.controlPlane},
		{"starting the container runtimes", u.runtimes},
		{"waiting for the API server", u.waitAPI},
		{"starting the nodes", u.nodes},
		{"installing DNS and the storage class", u.addons},
		{"waiting for the nodes", u.waitNodes},
		{"waiting for DNS", u.waitDNS},
		{"writing the kubeconfig", func(context.Context) error { return u.Publish() }},
	}
}

func (u *ascent) wire(ctx context.Context) error {
	if err := u.prepareKernel(ctx); err != nil {
		return err
	}
	if err := network.Ensure(u.c); err != nil {
		return err
	}
	u.namespaces = map[string]string{}
	for _, n := range u.c.Nodes {
		id, err := network.Identity(n.Namespace)
		if err != nil {
			return err
		}
		u.namespaces[n.Name] = id
	}
	return nil
}

func (u *ascent) images(ctx context.Context) error {
	held, err := u.LockImages(ctx)
	if err != nil {
		return err
	}
	defer held.Release()
	k := u.Kitchen(u.settings.Minor)
	if u.pause, err = k.Ensure(ctx, "pause"); err != nil {
		return err
	}
	if u.coredns, err = k.Ensure(ctx, "coredns"); err != nil {
		return err
	}
	_, err = k.Ensure(ctx, "busybox")
	return err
}

// configure writes what the servers read. The settings come first: from here on there is something to take down.
func (u *ascent) configure(context.Context) error {
	if err := writeSettings(u.Place.State, u.settings); err != nil {
		return err
	}
	if err := pki.Ensure(u.files.PKI, u.c, u.Now()); err != nil {
		return err
	}
	for _, n := range u.c.Nodes {
		if err := u.cgroups().Ensure(n.CgroupRoot); err != nil {
			return err
		}
		for _, dir := range []string{"logs", "volume-plugins", "pv", "kubelet"} {
			if err := os.MkdirAll(filepath.Join(n.Dir, dir), 0o755); err != nil {
				return fmt.Errorf("making the folders of %s: %w", n.Name, err)
			}
		}
		if err := share(filepath.Join(n.Dir, "kubelet")); err != nil {
			return err
		}
		texts := map[string]string{
			"containerd.toml": u.containerd(n), "kubelet.yaml": render.Kubelet(n, u.files.PKI), "cni/10-kubestash.conflist": render.CNI(n),
		}
		for _, registry := range render.Redirected {
			texts[filepath.Join("certs.d", registry, "hosts.toml")] = render.Hosts()
		}
		for name, text := range texts {
			if err := writeFile(filepath.Join(n.Dir, name), text); err != nil {
				return err
			}
		}
	}
	return nil
}

func (u *ascent) containerd(n plan.Node) string {
	return render.Containerd(n, u.files.Containerd, u.pause)
}

// Publish writes what the checkout shows of the cluster: kubeconfig, logs, programs.
func (m Machine) Publish() error {
	c, s, err := m.layout()
	if err != nil {
		return err
	}
	if s == nil {
		return errors.New("writing the kubeconfig: there is no cluster")
	}
	f, err := m.files(s.Minor)
	if err != nil {
		return err
	}
	bin := filepath.Join(m.Place.Local(), "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return fmt.Errorf("making %s: %w", bin, err)
	}
	links := map[string]string{
		filepath.Join(bin, "kubectl"): filepath.Join(f.Kubernetes, "kubectl"), filepath.Join(m.Place.Local(), "logs"): m.Place.Logs(),
	}
	for name, target := range links {
		if err := tool.Link(target, name); err != nil {
			return err
		}
	}
	return pki.WriteKubeconfig(m.Place.Kubeconfig(), f.PKI, "admin", c.Server())
}

// limit is how long a single wait may take; a cold, busy machine of two cores stays far below.
const limit = 2 * time.Minute
