// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"kubestash.com/kubestash/tests/cluster/internal/cgroup"
	"kubestash.com/kubestash/tests/cluster/internal/image"
	"kubestash.com/kubestash/tests/cluster/internal/lock"
	"kubestash.com/kubestash/tests/cluster/internal/plan"
	"kubestash.com/kubestash/tests/cluster/internal/process"
	"kubestash.com/kubestash/tests/cluster/internal/render"
	"kubestash.com/kubestash/tests/cluster/internal/tool"
)

// Machine is this machine, as far as the cluster is concerned.
type Machine struct {
	Place   plan.Place
	Builder tool.Builder
	Out     io.Writer
	Now     func() time.Time
	// Executable is our own program, which also serves as two of the servers.
	Executable string
	// Path is the search path for programs.
	Path string
	// Root says whether we run as root.
	Root bool
}

func (m Machine) table() process.Table {
	return process.Table{Dir: filepath.Join(m.Place.State, "processes"), Logs: m.Place.Logs(), State: m.Place.State, Now: m.Now}
}

func (m Machine) cgroups() cgroup.Tree { return cgroup.Tree{Mount: "/sys/fs/cgroup"} }

// Store is the local registry's view from the host.
func (m Machine) Store() image.Store {
	return image.Store{Address: plan.RegistryAddress, Shown: plan.RegistryName}
}

// Lock takes the machine-wide lock.
func (m Machine) Lock(ctx context.Context) (*lock.Lock, error) {
	return lock.Acquire(ctx, m.Place.Lock(), func(owner string) {
		fmt.Fprintf(m.Out, "waiting for another command that works on the cluster (%s)\n", owner)
	})
}

// LockImages takes the lock of the image store's work folders.
func (m Machine) LockImages(ctx context.Context) (*lock.Lock, error) {
	return lock.Acquire(ctx, filepath.Join(m.Place.Cache, "images.lock"), func(owner string) {
		fmt.Fprintf(m.Out, "waiting for another command that makes images (%s)\n", owner)
	})
}

// Kitchen makes known images.
func (m Machine) Kitchen(minor string) image.Kitchen {
	release, _ := os.ReadFile("/etc/os-release")
	return image.Kitchen{
		Store: m.Store(), Debian: image.Debian{Work: m.Place.Cache, Out: m.Out}, Out: m.Out, Suite: image.Suite(string(release)),
		Binary: func(ctx context.Context, name string) (string, string, error) {
			path, err := m.Builder.Binary(ctx, name, minor)
			if err != nil {
				return "", "", err
			}
			t, _, err := tool.Find(name, minor)
			if err != nil {
				return "", "", err
			}
			pin, err := tool.Resolve(m.Builder.Tools, t)
			return path, pin.Version, err
		},
	}
}

// Buildah builds Dockerfiles.
func (m Machine) Buildah() image.Buildah {
	return image.Buildah{Store: m.Store(), Work: filepath.Join(m.Place.Cache, "buildah"), Out: m.Out}
}

// Prune removes all images, with the registry that serves them, and binaries that aren't pinned any more. The next "up" makes its images again.
func (m Machine) Prune(ctx context.Context) error {
	if err := m.Down(ctx); err != nil {
		return err
	}
	held, err := m.LockImages(ctx)
	if err != nil {
		return err
	}
	defer held.Release()
	removed, err := m.Builder.Prune(ctx)
	if err != nil {
		return err
	}
	// The overlay driver may have left a mount.
	buildah := m.Buildah().Work
	if err := unmountBelow(buildah); err != nil {
		return err
	}
	for _, dir := range []string{m.Place.Registry(), buildah, filepath.Join(m.Place.Cache, "debian"), filepath.Join(m.Place.Cache, "rootfs")} {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("removing %s: %w", dir, err)
		}
		removed = append(removed, dir)
	}
	for _, dir := range removed {
		fmt.Fprintln(m.Out, "removed", dir)
	}
	return nil
}

// files locates the binaries of a cluster of this Kubernetes version; they must have been built.
func (m Machine) files(minor string) (render.Files, error) {
	f := render.Files{PKI: filepath.Join(m.Place.State, "pki"), Config: filepath.Join(m.Place.State, "config")}
	for name, dir := range map[string]*string{
		"kubernetes-" + minor: &f.Kubernetes, "etcd": &f.Etcd, "containerd": &f.Containerd, "registry": &f.Registry,
	} {
		t, _, err := tool.Find(name, minor)
		if err != nil {
			return f, err
		}
		pin, err := tool.Resolve(m.Builder.Tools, t)
		if err != nil {
			return f, err
		}
		*dir = m.Builder.Dir(pin)
	}
	return f, nil
}

// poll asks until the answer is nil or the time is over; then the last answer that isn't about the time itself is the error.
func (m Machine) poll(ctx context.Context, what string, limit time.Duration, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	last := errors.New("no answer")
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w: %w (logs: %s)", what, ctx.Err(), last, m.Place.Logs())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// writeFile writes a file and the folders above it.
func writeFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making the folder of %s: %w", path, err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
