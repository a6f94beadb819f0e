// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package tool

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Binary builds the program if it isn't cached and says where it is.
func (b Builder) Binary(ctx context.Context, name, minor string) (string, error) {
	return b.BinaryFor(ctx, name, minor, "")
}

// BinaryFor does the same for another architecture, in Go's name.
func (b Builder) BinaryFor(ctx context.Context, name, minor, arch string) (string, error) {
	t, program, err := Find(name, minor)
	if err != nil {
		return "", err
	}
	if arch != runtime.GOARCH {
		t.Arch = arch
	}
	if err := b.Ensure(ctx, []Tool{t}); err != nil {
		return "", err
	}
	p, err := Resolve(b.Tools, t)
	if err != nil {
		return "", err
	}
	return filepath.Join(b.Dir(p), program), nil
}

// Assets is a folder with etcd, kube-apiserver and kubectl, as KUBEBUILDER_ASSETS wants it. They're built if they aren't cached.
func (b Builder) Assets(ctx context.Context, minor string) (string, error) {
	names := []string{"etcd", "kube-apiserver", "kubectl"}
	paths := map[string]string{}
	key := ""
	for _, name := range names {
		path, err := b.Binary(ctx, name, minor)
		if err != nil {
			return "", err
		}
		paths[name] = path
		if name != "kubectl" {
			key += "-" + filepath.Base(filepath.Dir(path))
		}
	}
	dir := filepath.Join(b.Cache, "assets", minor+key)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the assets folder: %w", err)
	}
	for name, path := range paths {
		if err := Link(path, filepath.Join(dir, name)); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// Link makes a symbolic link, or points an existing one elsewhere, in one step.
func Link(target, name string) error {
	if have, err := os.Readlink(name); err == nil && have == target {
		return nil
	}
	next := fmt.Sprintf("%s.%d", name, os.Getpid())
	if err := os.Symlink(target, next); err != nil {
		return fmt.Errorf("linking %s: %w", name, err)
	}
	if err := os.Rename(next, name); err != nil {
		return fmt.Errorf("linking %s: %w", name, err)
	}
	return nil
}
