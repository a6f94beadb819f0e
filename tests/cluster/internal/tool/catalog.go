// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package tool

import (
	"fmt"
	"slices"
	"strings"
)

// Tool says how one program, or a family of programs from one module, is built.
type Tool struct {
	// Name is the folder under tests/cluster/tools, and the name in the cache.
	Name string
	// Module is the module that carries the version; it's looked up in the folder's go.mod. Empty means a program of our own, without one.
	Module string
	// Packages are the main packages. "." is the folder itself.
	Packages []string
	// Binaries are the file names that the build leaves, in the order of Packages. Go's own choice of name is replaced by it.
	Binaries []string
	// Tags are build tags; empty means none.
	Tags []string
	// Variables are import paths of string variables that the linker sets. "{version}", "{major}" and "{minor}" are replaced.
	Variables map[string]string
	// Arch is the architecture to build for, in Go's name; empty means this machine's.
	Arch string
	// IsPlain leaves out the compiler's optimizations, which are more than a quarter of a build's time: for programs whose own speed nobody waits for.
	IsPlain bool
	// Minutes is how long a cold build took on two cores; it feeds the forecast only.
	Minutes float64
}

const (
	kubeVersionPackage = "k8s.io/component-base/version"
	sdkVersionPackage  = "github.com/operator-framework/operator-sdk/internal/version"
	olmModule          = "github.com/operator-framework/operator-lifecycle-manager"
	olmv1Module        = "github.com/operator-framework/operator-controller"
)

// KubernetesVersions lists the minor versions that we build, newest first. The first one is the default.
var KubernetesVersions = []string{"1.36", "1.33"}

// Catalog lists every tool, in the order in which they are built.
func Catalog() []Tool {
	tools := []Tool{
		single("restic", "github.com/restic/restic", "github.com/restic/restic/cmd/restic", 1.4),
		stamped(single("versitygw", "github.com/versity/versitygw", "github.com/versity/versitygw/cmd/versitygw", 1), "main.Version"),
		single("etcd", "go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/server/v3", 1),
	}
	for _, minor := range KubernetesVersions {
		tools = append(tools, kubernetes(minor))
	}
	return append(tools,
		Tool{
			Name: "containerd", Module: "github.com/containerd/containerd/v2",
			Packages: []string{
				"github.com/containerd/containerd/v2/cmd/containerd",
				"github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
				"github.com/containerd/containerd/v2/cmd/ctr",
			},
			Binaries: []string{"containerd", "containerd-shim-runc-v2", "ctr"},
			Tags:     []string{"no_btrfs", "no_devmapper", "no_zfs", "no_aufs"},
			Minutes:  1.3,
		},
		single("pause", "", ".", 0.1),
		single("wget", "", ".", 0.2),
		plain(single("registry", "github.com/distribution/distribution/v3", "github.com/distribution/distribution/v3/cmd/registry", 0.8)),
		single("coredns", "github.com/coredns/coredns", ".", 0.4),
		stamped(single("kube-rbac-proxy", "github.com/brancz/kube-rbac-proxy", "github.com/brancz/kube-rbac-proxy/cmd/kube-rbac-proxy", 0.2),
			kubeVersionPackage+".gitVersion"),
		plain(Tool{
			Name: "operator-sdk", Module: "github.com/operator-framework/operator-sdk",
			Packages: []string{
				"github.com/operator-framework/operator-sdk/cmd/operator-sdk",
				"github.com/operator-framework/operator-sdk/images/scorecard-test",
			},
			Binaries: []string{"operator-sdk", "scorecard-test"},
			// Without it a C library is needed to check signatures.
			Tags: []string{"containers_image_openpgp"},
			Variables: map[string]string{
				sdkVersionPackage + ".Version": "{version}", sdkVersionPackage + ".GitVersion": "{version}", sdkVersionPackage + ".ImageVersion": "{version}",
			},
			Minutes: 2,
		}),
		Tool{
			Name: "opm", Module: "github.com/operator-framework/operator-registry",
			Packages: []string{"github.com/operator-framework/operator-registry/cmd/opm"}, Binaries: []string{"opm"},
			Tags: []string{"containers_image_openpgp"}, Minutes: 1.1,
		},
		plain(single("grpc-health-probe", "github.com/grpc-ecosystem/grpc-health-probe", "github.com/grpc-ecosystem/grpc-health-probe", 0.2)),
		plain(Tool{
			Name: "olm", Module: olmModule,
			Packages: []string{olmModule + "/cmd/olm", olmModule + "/cmd/catalog", olmModule + "/cmd/copy-content", olmModule + "/util/cpb"},
			Binaries: []string{"olm", "catalog", "copy-content", "cpb"},
			Tags:     []string{"json1"}, Variables: map[string]string{olmModule + "/pkg/version.OLMVersion": "{version}"},
			Minutes: 2.2,
		}),
		plain(Tool{
			Name: "olmv1", Module: olmv1Module,
			Packages: []string{olmv1Module + "/cmd/operator-controller", olmv1Module + "/cmd/catalogd"},
			Binaries: []string{"operator-controller", "catalogd"},
			Tags:     []string{"containers_image_openpgp"}, Variables: map[string]string{olmv1Module + "/internal/shared/version.version": "{version}"},
			Minutes: 2.2,
		}),
		plain(single("cert-manager", "github.com/cert-manager/cert-manager", ".", 1.5)),
	)
}

func single(name, module, pkg string, minutes float64) Tool {
	return Tool{Name: name, Module: module, Packages: []string{pkg}, Binaries: []string{name}, Minutes: minutes}
}

// plain has the compiler leave out its optimizations.
func plain(t Tool) Tool {
	t.IsPlain = true
	return t
}

// stamped has the linker write the version into a variable.
func stamped(t Tool, variable string) Tool {
	t.Variables = map[string]string{variable: "{version}"}
	return t
}

// kubernetes builds the six programs in one go: they share almost all of their packages.
//
// Without the version variables every component reports v0.0.0-master, which isn't valid semver: kubectl version fails, and nothing that
// compares a minimum Kubernetes version works.
func kubernetes(minor string) Tool {
	names := []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"}
	t := Tool{
		Name: "kubernetes-" + minor, Module: "k8s.io/kubernetes", Binaries: names, Minutes: 6,
		Variables: map[string]string{
			kubeVersionPackage + ".gitVersion":   "{version}",
			kubeVersionPackage + ".gitMajor":     "{major}",
			kubeVersionPackage + ".gitMinor":     "{minor}",
			kubeVersionPackage + ".gitTreeState": "clean",
		},
	}
	for _, n := range names {
		t.Packages = append(t.Packages, "k8s.io/kubernetes/cmd/"+n)
	}
	return t
}

// ForCluster lists the tools that a cluster of this Kubernetes minor version runs on.
func ForCluster(minor string) []Tool {
	wanted := []string{"etcd", "kubernetes-" + minor, "containerd", "registry", "coredns", "pause", "wget"}
	return slices.DeleteFunc(Catalog(), func(t Tool) bool { return !slices.Contains(wanted, t.Name) })
}

// Find looks a name up: a tool ("containerd"), or one of its programs ("ctr"). Kubernetes programs are those of the given minor version.
func Find(name, minor string) (Tool, string, error) {
	for _, t := range Catalog() {
		if strings.HasPrefix(t.Name, "kubernetes-") && t.Name != "kubernetes-"+minor && t.Name != name {
			continue
		}
		if i := slices.Index(t.Binaries, name); i >= 0 {
			return t, t.Binaries[i], nil
		}
		if t.Name == name || (name == "kubernetes" && t.Name == "kubernetes-"+minor) {
			return t, t.Binaries[0], nil
		}
	}
	return Tool{}, "", fmt.Errorf("finding tool %q: not one of %s", name, strings.Join(Names(), ", "))
}

// Names lists what Find knows, tools and programs, sorted and without repeats.
func Names() []string {
	var names []string
	for _, t := range Catalog() {
		names = append(names, t.Name)
		names = append(names, t.Binaries...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// MinorOf turns what a user writes ("1.36", "v1.36", "1.36.3", "") into a minor version that we build. Empty means the default.
func MinorOf(version string) (string, error) {
	v := strings.TrimPrefix(strings.TrimSpace(version), "v")
	if v == "" {
		return KubernetesVersions[0], nil
	}
	parts := strings.Split(v, ".")
	if len(parts) >= 2 {
		if minor := parts[0] + "." + parts[1]; slices.Contains(KubernetesVersions, minor) {
			return minor, nil
		}
	}
	return "", fmt.Errorf("choosing Kubernetes %q: we build %s", version, strings.Join(KubernetesVersions, " and "))
}
