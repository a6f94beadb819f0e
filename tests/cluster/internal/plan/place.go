// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"errors"
	"os"
	"path/filepath"
)

// Place says where things are on this machine.
type Place struct {
	// Project is the checkout.
	Project string
	// Cache keeps what outlives clusters and checkouts: binaries, images, the registry.
	Cache string
	// State is the cluster's own folder. It belongs to the machine and not to the checkout: addresses, bridge and control groups have fixed
	// names, so two checkouts share one cluster.
	State string
}

// DefaultState is where the cluster lives.
const DefaultState = "/var/lib/kubestash-cluster"

// CacheFolder is the cache, from the values of XDG_CACHE_HOME and HOME. Either may be empty.
func CacheFolder(xdgCacheHome, home string) string {
	if xdgCacheHome != "" {
		return filepath.Join(xdgCacheHome, "kubestash")
	}
	return filepath.Join(home, ".cache", "kubestash")
}

// Tools is the folder of tool modules.
func (p Place) Tools() string { return filepath.Join(p.Project, "tests", "cluster", "tools") }

// Module is the folder of this Go module in the checkout.
func (p Place) Module() string { return filepath.Join(p.Project, "tests", "cluster") }

// Local is the checkout's folder with what people look for: kubeconfig, logs, bin.
func (p Place) Local() string { return filepath.Join(p.Project, ".cluster") }

// Kubeconfig is the kubeconfig in the checkout.
func (p Place) Kubeconfig() string { return filepath.Join(p.Local(), "kubeconfig") }

// Logs is the folder of the servers' logs; they outlive the cluster until the next one starts.
func (p Place) Logs() string { return p.State + "-logs" }

// Lock is the file of the machine-wide lock.
func (p Place) Lock() string { return p.State + ".lock" }

// Registry keeps the local registry's images.
func (p Place) Registry() string { return filepath.Join(p.Cache, "registry") }

// FindProject walks up from each of the given folders to the checkout that holds tests/cluster/tools.
func FindProject(from ...string) (string, error) {
	for _, dir := range from {
		for dir != "" {
			if info, err := os.Stat(filepath.Join(dir, "tests", "cluster", "tools")); err == nil && info.IsDir() {
				return dir, nil
			}
			parent := filepath.Dir(dir)
			if parent == dir {
				break
			}
			dir = parent
		}
	}
	return "", errors.New("finding the project: run this in the checkout, or name it with --project")
}
