// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kubestash.com/kubestash/tests/cluster/internal/network"
	"kubestash.com/kubestash/tests/cluster/internal/plan"
	"kubestash.com/kubestash/tests/cluster/internal/render"
	"kubestash.com/kubestash/tests/cluster/internal/sandbox"
)

// Down takes the cluster away, with everything in it. Images, binaries and logs stay.
func (m Machine) Down(ctx context.Context) error {
	if err := m.CheckMachine(); err != nil {
		return err
	}
	held, err := m.Lock(ctx)
	if err != nil {
		return err
	}
	defer held.Release()
	return m.down(ctx)
}

func (m Machine) down(ctx context.Context) error {
	c, settings, err := m.layout()
	if err != nil {
		return err
	}
	d := descent{Machine: m, c: c, minor: ""}
	if settings != nil && !settings.isFromAnotherBoot() {
		d.minor = settings.Minor
	}
	return m.run(ctx, []step{
		{"stopping the nodes' agents", d.agents},
		{"removing the pods", d.pods},
		{"stopping the servers", d.servers},
		{"clearing mounts, links and control groups", d.clear},
		{"removing the state", d.forget},
	})
}

// descent is one run of Down.
type descent struct {
	Machine
	c plan.Cluster
	// minor is the Kubernetes version of the cluster; empty means that there's nothing that could be asked to leave.
	minor string
}

// grace is how long a server may take to end by itself.
const grace = 10 * time.Second

// agents stops what would make pods anew while we remove them.
func (d descent) agents(context.Context) error {
	return d.stop(func(name string) bool {
		return !strings.HasPrefix(name, "containerd-") && name != "etcd" && name != "kube-apiserver"
	})
}

// servers stops what serves before what it's served by: an API server that has lost etcd takes ten seconds to give up.
func (d descent) servers(context.Context) error {
	if err := d.stop(func(name string) bool { return name != "etcd" }); err != nil {
		return err
	}
	return d.stop(func(string) bool { return true })
}

func (d descent) stop(pick func(name string) bool) error {
	records, err := d.table().Records()
	if err != nil {
		return err
	}
	errc := make(chan error)
	count := 0
	for _, r := range records {
		if pick(r.Name) {
			count++
			go func() { errc <- d.table().Stop(r.Name, grace) }()
		}
	}
	var errs []error
	for range count {
		errs = append(errs, <-errc)
	}
	return errors.Join(errs...)
}

// pods asks each runtime to remove its pods, starting a runtime again that doesn't run: it alone knows what there is. Failing that, what is
// left is ended by control group and by marker in the next steps.
func (d descent) pods(ctx context.Context) error {
	if d.minor == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := d.revive(ctx); err != nil {
		fmt.Fprintf(d.Out, "a container runtime can't be asked (%v); ending its pods by their control group\n", err)
		return nil
	}
	errc := make(chan error)
	for _, n := range d.c.Nodes {
		go func() { errc <- removePods(ctx, n) }()
	}
	var errs []error
	for range d.c.Nodes {
		errs = append(errs, <-errc)
	}
	if err := errors.Join(errs...); err != nil {
		fmt.Fprintf(d.Out, "a container runtime didn't remove all pods (%v); ending them by their control group\n", err)
	}
	return nil
}

// revive starts the runtimes that don't run.
func (d descent) revive(ctx context.Context) error {
	dead := false
	for _, n := range d.c.Nodes {
		r, err := d.table().Record("containerd-" + n.Name)
		if err != nil {
			return err
		}
		dead = dead || !r.IsAlive()
	}
	if !dead {
		return nil
	}
	files, err := d.files(d.minor)
	if err != nil {
		return err
	}
	u := &ascent{Machine: d.Machine, c: d.c, files: files}
	if err := u.wire(ctx); err != nil {
		return err
	}
	for _, n := range d.c.Nodes {
		r, err := d.table().Record("containerd-" + n.Name)
		if err != nil {
			return err
		}
		if r.IsAlive() {
			continue
		}
		if _, err := u.ensure(n, "containerd-"+n.Name, files.ContainerdArgs(n)); err != nil {
			return err
		}
	}
	return nil
}

func removePods(ctx context.Context, n plan.Node) error {
	r, err := sandbox.Open(render.Socket(n))
	if err != nil {
		return err
	}
	defer r.Close()
	if err := r.Ready(ctx); err != nil {
		return err
	}
	_, err = r.RemoveAll(ctx)
	return err
}

// clear ends whatever is left and takes the machine's parts back. It doesn't depend on anything that the cluster wrote down.
func (d descent) clear(context.Context) error {
	all, err := plan.New(plan.MaxNodes, d.Place.State)
	if err != nil {
		return err
	}
	errs := []error{d.endAll(all), unmountBelow(d.Place.State)}
	for _, n := range all.Nodes {
		errs = append(errs, d.cgroups().Remove(n.CgroupRoot))
	}
	return errors.Join(append(errs, network.Remove(all), d.removeRuntimeFiles())...)
}

// endAll ends servers and pods until neither is left: a server that was being ended may have started another pod meanwhile.
func (d descent) endAll(all plan.Cluster) error {
	for range 10 {
		count, err := d.table().Sweep(2 * time.Second)
		if err != nil {
			return err
		}
		for _, n := range all.Nodes {
			killed, err := d.cgroups().Kill(n.CgroupRoot)
			if err != nil {
				return err
			}
			count += killed
		}
		if count == 0 {
			return nil
		}
	}
	return errors.New("ending what is left: processes keep appearing")
}

// removeRuntimeFiles removes what the runtimes and kubelets keep outside of our folder: results of the network plugins, which carry our networks'
// names, and links to logs of our pods.
func (d descent) removeRuntimeFiles() error {
	results, err := filepath.Glob("/var/lib/cni/results/ks-node*-*")
	if err != nil {
		return fmt.Errorf("listing network results: %w", err)
	}
	for _, path := range results {
		// The loopback's result is named after the pod alone.
		_, pod, _ := strings.Cut(strings.TrimPrefix(filepath.Base(path), "ks-node"), "-")
		more, err := filepath.Glob("/var/lib/cni/results/cni-loopback-" + strings.TrimSuffix(pod, "-eth0") + "-lo")
		if err != nil {
			return fmt.Errorf("listing network results: %w", err)
		}
		results = append(results, more...)
	}
	links, err := filepath.Glob("/var/log/containers/*.log")
	if err != nil {
		return fmt.Errorf("listing logs: %w", err)
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, d.Place.State+"/") {
			results = append(results, link)
		}
	}
	var errs []error
	for _, path := range results {
		errs = append(errs, os.Remove(path))
	}
	return errors.Join(errs...)
}

// forget removes the state folder, once nothing is mounted below it: a removal that went through a mount would delete what is mounted.
func (d descent) forget(context.Context) error {
	points, err := mountsBelow(d.Place.State)
	if err != nil {
		return err
	}
	if len(points) > 0 {
		return fmt.Errorf("refusing to remove %s: %s is still mounted", d.Place.State, points[0])
	}
	if err := os.RemoveAll(d.Place.State); err != nil {
		return fmt.Errorf("removing %s: %w", d.Place.State, err)
	}
	for _, name := range []string{d.Place.Kubeconfig(), filepath.Join(d.Place.Local(), "bin", "kubectl")} {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing %s: %w", name, err)
		}
	}
	return nil
}
