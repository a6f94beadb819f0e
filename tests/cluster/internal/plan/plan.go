// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"net/netip"
	"path/filepath"
)

// What doesn't depend on the number of nodes.
const (
	// Bridge is the link in the host's namespace that joins the nodes.
	Bridge = "ksbr"
	// HostIP is the host's address on the bridge; the registry listens there.
	HostIP = "10.210.0.1"
	// NodeNet holds the host's and the nodes' addresses.
	NodeNet = "10.210.0.0/24"
	// PodNet holds every node's pod subnet.
	PodNet = "10.211.0.0/16"
	// ServiceNet holds the addresses of Services.
	ServiceNet = "10.96.0.0/16"
	// ServiceIP is the API server's address inside the cluster.
	ServiceIP = "10.96.0.1"
	// DNSIP is the address of the cluster's DNS.
	DNSIP = "10.96.0.10"
	// Domain is the cluster's DNS domain.
	Domain = "cluster.local"
	// APIPort is the API server's port on the first node.
	APIPort = 6443
	// RegistryPort is the registry's port on the bridge, and on the host's loopback.
	RegistryPort = 5000
	// MaxNodes is how many nodes a cluster may have: more say nothing new and don't fit a small machine.
	MaxNodes = 4
	// StorageClass is the default storage class, and LocalPathClass the same one under the name that many manifests use.
	StorageClass, LocalPathClass = "standard", "local-path"
	// Provisioner is the storage classes' provisioner: ourselves.
	Provisioner = "cluster.kubestash.com/local"
)

// RegistryName is how manifests and people name the local registry. Every node's containerd redirects it to RegistryAddress; on the host
// a forwarder does.
var RegistryName = fmt.Sprintf("127.0.0.1:%d", RegistryPort)

// RegistryAddress is where the registry really listens.
var RegistryAddress = fmt.Sprintf("%s:%d", HostIP, RegistryPort)

// Node is one node of the cluster.
type Node struct {
	Index int
	// Name is the name of the Node object and of the network namespace's suffix.
	Name string
	// Namespace is the node's network namespace.
	Namespace string
	// Link is the host's end of the node's cable.
	Link string
	// IP is the node's address on the bridge.
	IP string
	// PodCIDR is the subnet of the pods on this node. A /24 of its own even for one node: with a wider one pods believe that every other
	// pod is on their own link.
	PodCIDR string
	// CgroupRoot is the kubelet's control group, below the root of every hierarchy. One for each node: a kubelet removes pod groups that it
	// doesn't know.
	CgroupRoot string
	// Dir holds the node's state.
	Dir string
}

// Cluster is the layout of one cluster.
type Cluster struct {
	Nodes []Node
	// State is the folder of everything that ends with the cluster.
	State string
}

// New lays out a cluster of that many nodes.
func New(nodes int, state string) (Cluster, error) {
	if nodes < 1 || nodes > MaxNodes {
		return Cluster{}, fmt.Errorf("planning a cluster of %d nodes: want 1 to %d", nodes, MaxNodes)
	}
	c := Cluster{State: state}
	for i := range nodes {
		name := fmt.Sprintf("node%d", i)
		c.Nodes = append(c.Nodes, Node{
			Index: i, Name: name, Namespace: "ks-" + name, Link: "ks-" + name,
			IP: fmt.Sprintf("10.210.0.%d", i+2), PodCIDR: fmt.Sprintf("10.211.%d.0/24", i),
			CgroupRoot: "ks-" + name, Dir: filepath.Join(state, name),
		})
	}
	return c, nil
}

// First is the node that carries the control plane.
func (c Cluster) First() Node { return c.Nodes[0] }

// Server is the API server's URL.
func (c Cluster) Server() string { return fmt.Sprintf("https://%s:%d", c.First().IP, APIPort) }

// Path is a path below the state folder.
func (c Cluster) Path(elem ...string) string {
	return filepath.Join(append([]string{c.State}, elem...)...)
}

// IsPodIP says whether an address belongs to a pod of ours.
func IsPodIP(address string) bool {
	ip, err := netip.ParseAddr(address)
	return err == nil && netip.MustParsePrefix(PodNet).Contains(ip)
}
