// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"kubestash.com/kubestash/tests/cluster/internal/network"
	"kubestash.com/kubestash/tests/cluster/internal/plan"
	"kubestash.com/kubestash/tests/cluster/internal/process"
	"kubestash.com/kubestash/tests/cluster/internal/render"
	"kubestash.com/kubestash/tests/cluster/internal/sandbox"
)

// ensure runs a server in a node's network namespace. A namespace that was made anew counts as a new configuration: the server is still in
// the old one.
func (u *ascent) ensure(n plan.Node, name string, argv []string, inputs ...string) (bool, error) {
	return u.table().Ensure(process.Spec{
		Name: name, Argv: argv, Inputs: append(inputs, u.namespaces[n.Name]),
		Start: func(cmd *exec.Cmd) error { return network.Within(n.Namespace, cmd.Start) },
	})
}

func (u *ascent) controlPlane(context.Context) error {
	first := u.c.First()
	_, etcdErr := u.ensure(first, "etcd", u.files.EtcdArgs(u.c.Path("etcd")))
	_, apiErr := u.ensure(first, "kube-apiserver", u.files.APIServerArgs(u.c))
	return errors.Join(etcdErr, apiErr)
}

func (u *ascent) runtimes(ctx context.Context) error {
	for _, n := range u.c.Nodes {
		if _, err := u.ensure(n, "containerd-"+n.Name, u.files.ContainerdArgs(n), u.containerd(n), render.CNI(n)); err != nil {
			return err
		}
		if err := u.dropStrayPods(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// dropStrayPods removes the pods of a node whose network namespace was made anew: their cables end in the old one. The kubelet makes
// them again. Which namespace the pods are wired to is written down once they are gone, so a failure in between is made up for by the next run.
func (u *ascent) dropStrayPods(ctx context.Context, n plan.Node) error {
	file := filepath.Join(n.Dir, "wired")
	wired, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("reading what %s is wired to: %w", n.Name, err)
	}
	if string(wired) == u.namespaces[n.Name] {
		return nil
	}
	if len(wired) > 0 {
		r, err := sandbox.Open(render.Socket(n))
		if err != nil {
			return err
		}
		defer r.Close()
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		if err := r.Ready(ctx); err != nil {
			return err
		}
		count, err := r.RemoveAll(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(u.Out, "removed %d pods of %s, whose network was made anew\n", count, n.Name)
	}
	return writeFile(file, u.namespaces[n.Name])
}

// nodes starts what makes nodes of the runtimes. A kubelet gives up at once when its runtime doesn't answer yet, so it has to wait for it.
func (u *ascent) nodes(ctx context.Context) error {
	for _, n := range u.c.Nodes {
		if err := waitRuntime(ctx, n); err != nil {
			return fmt.Errorf("%s: %w", n.Name, err)
		}
	}
	return u.startNodes()
}

func waitRuntime(ctx context.Context, n plan.Node) error {
	r, err := sandbox.Open(render.Socket(n))
	if err != nil {
		return err
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return r.Ready(ctx)
}

func (u *ascent) startNodes() error {
	first := u.c.First()
	_, managerErr := u.ensure(first, "kube-controller-manager", u.files.ControllerManagerArgs())
	_, schedulerErr := u.ensure(first, "kube-scheduler", u.files.SchedulerArgs())
	errs := []error{managerErr, schedulerErr}
	for _, n := range u.c.Nodes {
		_, kubeletErr := u.ensure(n, "kubelet-"+n.Name, u.files.KubeletArgs(n), render.Kubelet(n, u.files.PKI))
		_, proxyErr := u.ensure(n, "kube-proxy-"+n.Name, u.files.ProxyArgs(n))
		errs = append(errs, kubeletErr, proxyErr)
	}
	return errors.Join(append(errs, u.ensureSelf("volumes", "serve", "volumes"))...)
}

// restarts is how often servers that end while we wait for them are started again.
const restarts = 3

// revive starts servers again that have ended since they were started, and gives up on those that end again and again, with their last words.
func (u *ascent) revive(ctx context.Context) error {
	records, err := u.table().Records()
	if err != nil {
		return err
	}
	var dead []string
	for _, r := range records {
		if !r.IsAlive() {
			dead = append(dead, r.Name)
		}
	}
	if len(dead) == 0 {
		return nil
	}
	if u.revived++; u.revived > restarts {
		return fmt.Errorf("%s ends again and again: %s", dead[0], lastWords(u.table().Log(dead[0])))
	}
	return errors.Join(u.EnsureRegistry(ctx), u.controlPlane(ctx), u.runtimes(ctx), u.nodes(ctx))
}

// lastWords is the last line of a log.
func lastWords(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	text := strings.TrimSpace(string(data))
	return text[strings.LastIndex(text, "\n")+1:]
}
