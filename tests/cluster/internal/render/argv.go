// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"path/filepath"

	"kubestash.com/kubestash/tests/cluster/internal/plan"
)

// Files says where the servers' inputs are.
type Files struct {
	// Kubernetes, Etcd, Containerd and Registry are folders with binaries.
	Kubernetes, Etcd, Containerd, Registry string
	// PKI is the folder of keys and kubeconfigs, Config that of configuration files.
	PKI, Config string
}

func (f Files) pki(name string) string { return filepath.Join(f.PKI, name) }

// EtcdArgs is etcd's command line. Its data needn't outlive the machine, so it doesn't wait for the disk.
func (f Files) EtcdArgs(data string) []string {
	const client, peer = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
	return []string{
		filepath.Join(f.Etcd, "etcd"), "--name=node0", "--data-dir=" + data, "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=node0=" + peer,
	}
}

// APIServerArgs is the API server's command line.
//
// kubelet-preferred-address-types: it would dial "node0" otherwise, which nobody resolves, and exec and logs fail.
func (f Files) APIServerArgs(c plan.Cluster) []string {
	issuer := "https://kubernetes.default.svc." + plan.Domain
	return []string{
		filepath.Join(f.Kubernetes, "kube-apiserver"),
		"--etcd-servers=http://127.0.0.1:2379", "--service-cluster-ip-range=" + plan.ServiceNet,
		"--advertise-address=" + c.First().IP, "--bind-address=0.0.0.0", fmt.Sprintf("--secure-port=%d", plan.APIPort),
		"--tls-cert-file=" + f.pki("apiserver.crt"), "--tls-private-key-file=" + f.pki("apiserver.key"),
		"--client-ca-file=" + f.pki("ca.crt"),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged=true",
		"--kubelet-client-certificate=" + f.pki("admin.crt"), "--kubelet-client-key=" + f.pki("admin.key"),
		"--kubelet-certificate-authority=" + f.pki("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=" + issuer,
		"--service-account-key-file=" + f.pki("sa.pub"), "--service-account-signing-key-file=" + f.pki("sa.key"),
		"--requestheader-client-ca-file=" + f.pki("front-proxy-ca.crt"), "--requestheader-allowed-names=front-proxy-client",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-username-headers=X-Remote-User",
		"--proxy-client-cert-file=" + f.pki("front-proxy.crt"), "--proxy-client-key-file=" + f.pki("front-proxy.key"),
		"--enable-aggregator-routing=true", "--profiling=false",
		"--default-not-ready-toleration-seconds=10", "--default-unreachable-toleration-seconds=10",
	}
}

// ControllerManagerArgs is the controller manager's command line. With the default client limits it takes four seconds longer to be ready.
func (f Files) ControllerManagerArgs() []string {
	config := f.pki("controller-manager.kubeconfig")
	return []string{
		filepath.Join(f.Kubernetes, "kube-controller-manager"),
		"--kubeconfig=" + config, "--authentication-kubeconfig=" + config, "--authorization-kubeconfig=" + config,
		"--use-service-account-credentials", "--root-ca-file=" + f.pki("ca.crt"),
		"--service-account-private-key-file=" + f.pki("sa.key"),
		"--cluster-signing-cert-file=" + f.pki("ca.crt"), "--cluster-signing-key-file=" + f.pki("ca.key"),
		"--allocate-node-cidrs=false", "--leader-elect=false", "--kube-api-qps=300", "--kube-api-burst=600",
		"--node-monitor-period=2s", "--node-monitor-grace-period=16s", "--profiling=false",
	}
}

// SchedulerArgs is the scheduler's command line.
func (f Files) SchedulerArgs() []string {
	config := f.pki("scheduler.kubeconfig")
	return []string{
		filepath.Join(f.Kubernetes, "kube-scheduler"),
		"--kubeconfig=" + config, "--authentication-kubeconfig=" + config, "--authorization-kubeconfig=" + config,
		"--leader-elect=false", "--kube-api-qps=300", "--kube-api-burst=600", "--profiling=false",
	}
}

// ContainerdArgs is the command line of a node's containerd.
func (f Files) ContainerdArgs(n plan.Node) []string {
	return []string{filepath.Join(f.Containerd, "containerd"), "--config", filepath.Join(n.Dir, "containerd.toml"), "--log-level", "warn"}
}

// KubeletArgs is the command line of a node's kubelet.
func (f Files) KubeletArgs(n plan.Node) []string {
	return []string{
		filepath.Join(f.Kubernetes, "kubelet"),
		"--config=" + filepath.Join(n.Dir, "kubelet.yaml"), "--kubeconfig=" + f.pki(n.Name+".kubeconfig"),
		"--root-dir=" + filepath.Join(n.Dir, "kubelet"), "--hostname-override=" + n.Name, "--node-ip=" + n.IP,
	}
}

// ProxyArgs is the command line of a node's kube-proxy.
//
// conntrack-max-per-core: the limit can't be written outside the first network namespace, and kube-proxy gives up when it tries.
func (f Files) ProxyArgs(n plan.Node) []string {
	return []string{
		filepath.Join(f.Kubernetes, "kube-proxy"),
		"--kubeconfig=" + f.pki("kube-proxy.kubeconfig"), "--proxy-mode=nftables", "--cluster-cidr=" + plan.PodNet,
		"--hostname-override=" + n.Name, "--conntrack-max-per-core=0",
	}
}

// RegistryArgs is the registry's command line.
func (f Files) RegistryArgs() []string {
	return []string{filepath.Join(f.Registry, "registry"), "serve", filepath.Join(f.Config, "registry.yaml")}
}
