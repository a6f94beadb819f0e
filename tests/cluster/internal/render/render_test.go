// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"kubestash.com/kubestash/tests/cluster/internal/plan"
)

func two(t *testing.T) plan.Cluster {
	t.Helper()
	c, err := plan.New(2, "/state")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestHostsSendsEveryNameToTheRegistry(t *testing.T) {
	want := "server = \"http://10.210.0.1:5000\"\n\n[host.\"http://10.210.0.1:5000\"]\n  capabilities = [\"pull\", \"resolve\"]\n"
	if got := Hosts(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, name := range []string{"docker.io", "quay.io", "ghcr.io", "registry.k8s.io", plan.RegistryName, "_default"} {
		if !slices.Contains(Redirected, name) {
			t.Errorf("%s isn't redirected", name)
		}
	}
}

func TestRegistriesNamesEachRegistryOnceAndNoDefault(t *testing.T) {
	got := Registries()
	if strings.Contains(got, "_default") || strings.Count(got, "prefix = \"docker.io\"") != 1 {
		t.Errorf("got\n%s", got)
	}
	if n := strings.Count(got, "location = \"10.210.0.1:5000\""); n != len(Redirected)-1 {
		t.Errorf("%d locations for %d registries", n, len(Redirected)-1)
	}
}

func TestKubeletIsValidYAMLAndTheNodesOwn(t *testing.T) {
	c := two(t)
	type config struct {
		CgroupRoot, PodLogsDir, VolumePluginDir, ContainerRuntimeEndpoint, TLSCertFile string
		ClusterDNS                                                                     []string
		FailCgroupV1                                                                   *bool
		EvictionHard                                                                   map[string]string
	}
	var first, second config
	for i, to := range []*config{&first, &second} {
		if err := yaml.Unmarshal([]byte(Kubelet(c.Nodes[i], "/pki")), to); err != nil {
			t.Fatal(err)
		}
	}
	if first.CgroupRoot == second.CgroupRoot || first.PodLogsDir == second.PodLogsDir || first.VolumePluginDir == second.VolumePluginDir ||
		first.ContainerRuntimeEndpoint == second.ContainerRuntimeEndpoint || first.TLSCertFile == second.TLSCertFile {
		t.Errorf("two kubelets share something: %+v and %+v", first, second)
	}
	if first.FailCgroupV1 == nil || *first.FailCgroupV1 || first.ClusterDNS[0] != plan.DNSIP || first.EvictionHard["nodefs.available"] != "1%" {
		t.Errorf("got %+v", first)
	}
}

func TestRegistryIsValidYAML(t *testing.T) {
	var config struct {
		Storage struct {
			Filesystem struct{ Rootdirectory string }
		}
		HTTP struct{ Addr string }
	}
	if err := yaml.Unmarshal([]byte(Registry("/images")), &config); err != nil {
		t.Fatal(err)
	}
	if config.Storage.Filesystem.Rootdirectory != "/images" || config.HTTP.Addr != plan.RegistryAddress {
		t.Errorf("got %+v", config)
	}
}

func TestCNIGivesEachNodeItsOwnPodNetwork(t *testing.T) {
	for _, n := range two(t).Nodes {
		var config struct {
			Plugins []struct {
				IPAM struct {
					Ranges  [][]struct{ Subnet string }
					DataDir string
				}
			}
		}
		if err := json.Unmarshal([]byte(CNI(n)), &config); err != nil {
			t.Fatal(err)
		}
		ipam := config.Plugins[0].IPAM
		if ipam.Ranges[0][0].Subnet != n.PodCIDR || !strings.HasPrefix(ipam.DataDir, n.Dir) {
			t.Errorf("%s got %+v", n.Name, ipam)
		}
	}
}

func TestContainerdNamesWhatItNeeds(t *testing.T) {
	n := two(t).Nodes[1]
	got := Containerd(n, "/bin/containerd", "127.0.0.1:5000/pause:abc")
	for _, want := range []string{
		"restrict_oom_score_adj = true", "sandbox = \"127.0.0.1:5000/pause:abc\"", "runtime_path = \"/bin/containerd/containerd-shim-runc-v2\"",
		"config_path = \"/state/node1/certs.d\"", "address = \"/state/node1/containerd.sock\"", "SystemdCgroup = false",
		"[plugins.\"io.containerd.nri.v1.nri\"]\n  disable = true",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q isn't in\n%s", want, got)
		}
	}
}

func TestArguments(t *testing.T) {
	c := two(t)
	f := Files{Kubernetes: "/k", Etcd: "/e", PKI: "/pki"}
	for sentence, p := range map[string]struct {
		args []string
		want string
	}{
		"exec and logs reach the kubelet by address":     {f.APIServerArgs(c), "--kubelet-preferred-address-types=InternalIP"},
		"the aggregator has an authority of its own":     {f.APIServerArgs(c), "--requestheader-client-ca-file=/pki/front-proxy-ca.crt"},
		"kube-proxy leaves the conntrack limit alone":    {f.ProxyArgs(c.Nodes[1]), "--conntrack-max-per-core=0"},
		"a kubelet has a root of its own":                {f.KubeletArgs(c.Nodes[1]), "--root-dir=/state/node1/kubelet"},
		"the controller manager isn't throttled":         {f.ControllerManagerArgs(), "--kube-api-qps=300"},
		"etcd listens to nobody outside its own network": {f.EtcdArgs("/d"), "--listen-client-urls=http://127.0.0.1:2379"},
	} {
		t.Run(sentence, func(t *testing.T) {
			if !slices.Contains(p.args, p.want) {
				t.Errorf("%q isn't in %q", p.want, p.args)
			}
		})
	}
}
