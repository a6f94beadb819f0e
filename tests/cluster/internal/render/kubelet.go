// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"path/filepath"

	"kubestash.com/kubestash/tests/cluster/internal/plan"
)

// Kubelet is the configuration file of a node's kubelet.
//
// podLogsDir and volumePluginDir are the node's own: two kubelets that share the defaults collect each other's files as garbage. The short
// lease and status times let a test of a lost node end within half a minute.
func Kubelet(n plan.Node, pki string) string {
	return fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: %[1]s/ca.crt}
authorization: {mode: Webhook}
clusterDNS: [%[2]s]
clusterDomain: %[3]s
cgroupDriver: cgroupfs
cgroupRoot: /%[4]s
failCgroupV1: false
failSwapOn: false
containerRuntimeEndpoint: unix://%[5]s
podLogsDir: %[6]s
volumePluginDir: %[7]s
tlsCertFile: %[1]s/%[8]s.crt
tlsPrivateKeyFile: %[1]s/%[8]s.key
evictionHard: {nodefs.available: "1%%", imagefs.available: "1%%", memory.available: "100Mi"}
imageGCHighThresholdPercent: 100
resolvConf: ""
serializeImagePulls: false
nodeLeaseDurationSeconds: 12
nodeStatusUpdateFrequency: 4s
`, pki, plan.DNSIP, plan.Domain, n.CgroupRoot, Socket(n), filepath.Join(n.Dir, "logs"),
		filepath.Join(n.Dir, "volume-plugins"), n.Name)
}
