// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"

	"kubestash.com/kubestash/tests/cluster/internal/plan"
)

// Redirected lists the registries whose names a node looks up in the local registry, with the path as it is: docker.io/library/busybox is
// library/busybox there. "_default" is every other registry: nothing else is within reach of a node anyway, and a wrong name then fails at
// once instead of after a timeout.
var Redirected = []string{
	"127.0.0.1:5000", "localhost:5000", "docker.io", "quay.io", "ghcr.io", "gcr.io", "registry.k8s.io", "_default",
}

// Hosts is a hosts.toml of containerd.
func Hosts() string {
	return fmt.Sprintf("server = \"http://%[1]s\"\n\n[host.\"http://%[1]s\"]\n  capabilities = [\"pull\", \"resolve\"]\n",
		plan.RegistryAddress)
}

// Registry is the configuration of the image registry.
func Registry(root string) string {
	return fmt.Sprintf(`version: 0.1
log:
  level: error
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: %s
  delete:
    enabled: true
http:
  addr: %q
  secret: kubestash-test-cluster
`, root, plan.RegistryAddress)
}

// Registries is a registries.conf for buildah: the same redirection for the FROM lines of Dockerfiles.
func Registries() string {
	out := "unqualified-search-registries = [\"docker.io\"]\nshort-name-mode = \"permissive\"\n"
	for _, name := range Redirected {
		if name == "_default" {
			continue
		}
		out += fmt.Sprintf("\n[[registry]]\nprefix = %q\nlocation = %q\ninsecure = true\n", name, plan.RegistryAddress)
	}
	return out
}
