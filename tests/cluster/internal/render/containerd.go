// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"path/filepath"

	"kubestash.com/kubestash/tests/cluster/internal/plan"
)

// CNIBinaries is where Debian's containernetworking-plugins puts them.
const CNIBinaries = "/usr/lib/cni"

// Containerd is the configuration of a node's containerd. bin is the folder with containerd-shim-runc-v2, pause the image that holds a pod's
// namespaces.
//
// restrict_oom_score_adj: without CAP_SYS_RESOURCE no process may lower its score, and every container start would fail.
//
// nri.v1.nri: its socket is the machine's, whatever the node, and of two runtimes that start together one would find it in use and end.
func Containerd(n plan.Node, bin, pause string) string {
	return fmt.Sprintf(`version = 3
root = %q
state = %q

[grpc]
  address = %q

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = %q

[plugins."io.containerd.cri.v1.images".registry]
  config_path = %q

[plugins."io.containerd.nri.v1.nri"]
  disable = true

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true

[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = [%q]
  conf_dir = %q

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  runtime_path = %q

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
  SystemdCgroup = false
  Root = %q
`, filepath.Join(n.Dir, "containerd"), filepath.Join(n.Dir, "containerd-state"), Socket(n), pause, CertsDir(n),
		CNIBinaries, CNIDir(n), filepath.Join(bin, "containerd-shim-runc-v2"), filepath.Join(n.Dir, "runc"))
}

// Socket is containerd's socket on a node.
func Socket(n plan.Node) string { return filepath.Join(n.Dir, "containerd.sock") }

// CertsDir holds the redirections of registry names.
func CertsDir(n plan.Node) string { return filepath.Join(n.Dir, "certs.d") }

// CNIDir holds the network configuration.
func CNIDir(n plan.Node) string { return filepath.Join(n.Dir, "cni") }

// CNI is the network configuration of a node's pods. No masquerading: there is nothing to masquerade to, and pods keep their addresses across
// nodes. The data folder is the node's own: both nodes would hand out addresses from one otherwise.
func CNI(n plan.Node) string {
	return fmt.Sprintf(`{
  "cniVersion": "1.0.0",
  "name": %q,
  "plugins": [
    {
      "type": "bridge",
      "bridge": "cni0",
      "isGateway": true,
      "ipMasq": false,
      "hairpinMode": true,
      "ipam": {
        "type": "host-local",
        "dataDir": %q,
        "ranges": [[{"subnet": %q}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`, n.Namespace, filepath.Join(n.Dir, "cni-data"), n.PodCIDR)
}
