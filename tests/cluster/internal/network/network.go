// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink"

	"kubestash.com/kubestash/tests/cluster/internal/plan"
)

// EnsureBridge makes the bridge with the host's address. The registry needs no more than that.
func EnsureBridge() error {
	if err := checkConflict(); err != nil {
		return err
	}
	link, err := netlink.LinkByName(plan.Bridge)
	if isMissing(err) {
		attrs := netlink.NewLinkAttrs()
		attrs.Name = plan.Bridge
		if err := netlink.LinkAdd(&netlink.Bridge{LinkAttrs: attrs}); err != nil {
			return fmt.Errorf("adding bridge %s: %w", plan.Bridge, err)
		}
		link, err = netlink.LinkByName(plan.Bridge)
	}
	if err != nil {
		return fmt.Errorf("finding bridge %s: %w", plan.Bridge, err)
	}
	if err := address(link, plan.HostIP+"/24"); err != nil {
		return err
	}
	return up(link)
}

// Ensure makes the bridge, and for each node its namespace, cable, addresses, routes and kernel settings.
func Ensure(c plan.Cluster) error {
	if err := EnsureBridge(); err != nil {
		return err
	}
	for _, n := range c.Nodes {
		if err := ensureNamespace(n.Namespace); err != nil {
			return err
		}
		if err := ensureCable(n); err != nil {
			return err
		}
		if err := Within(n.Namespace, func() error { return inside(c, n) }); err != nil {
			return fmt.Errorf("setting up the network of %s: %w", n.Name, err)
		}
	}
	for _, n := range c.Nodes {
		if err := route(n.PodCIDR, n.IP); err != nil {
			return err
		}
	}
	return route(plan.ServiceNet, c.First().IP)
}

// HasNode says whether a node's network namespace exists.
func HasNode(n plan.Node) bool {
	_, err := os.Stat(filepath.Join(namespaces, n.Namespace))
	return err == nil
}

// ensureCable joins the node's namespace to the bridge.
func ensureCable(n plan.Node) error {
	bridge, err := netlink.LinkByName(plan.Bridge)
	if err != nil {
		return fmt.Errorf("finding bridge %s: %w", plan.Bridge, err)
	}
	link, err := netlink.LinkByName(n.Link)
	if err == nil && isConnected(n) {
		return errors.Join(netlink.LinkSetMaster(link, bridge), up(link))
	}
	// A cable whose other end isn't there leads into a namespace that nobody can find any more.
	if err := removeLink(n.Link); err != nil {
		return err
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = n.Link
	attrs.MasterIndex = bridge.Attrs().Index
	veth := &netlink.Veth{LinkAttrs: attrs, PeerName: "eth0"}
	handle, err := openNamespace(n.Namespace)
	if err != nil {
		return err
	}
	defer handle.Close()
	veth.PeerNamespace = netlink.NsFd(int(handle.Fd()))
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("adding link %s: %w", n.Link, err)
	}
	if link, err = netlink.LinkByName(n.Link); err != nil {
		return fmt.Errorf("finding link %s: %w", n.Link, err)
	}
	return up(link)
}

// isConnected says whether the node's namespace has its end of a cable.
func isConnected(n plan.Node) bool {
	return Within(n.Namespace, func() error {
		_, err := netlink.LinkByName("eth0")
		return err
	}) == nil
}

func openNamespace(name string) (*os.File, error) {
	f, err := os.Open(filepath.Join(namespaces, name))
	if err != nil {
		return nil, fmt.Errorf("opening network namespace %s: %w", name, err)
	}
	return f, nil
}

// inside runs in the node's namespace.
func inside(c plan.Cluster, n plan.Node) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("finding the loopback: %w", err)
	}
	eth, err := netlink.LinkByName("eth0")
	if err != nil {
		return fmt.Errorf("finding eth0: %w", err)
	}
	if err := errors.Join(up(lo), address(eth, n.IP+"/24"), up(eth)); err != nil {
		return err
	}
	if err := route("0.0.0.0/0", plan.HostIP); err != nil {
		return err
	}
	for _, other := range c.Nodes {
		if other.Index == n.Index {
			continue
		}
		if err := route(other.PodCIDR, other.IP); err != nil {
			return err
		}
	}
	// Without the second one the answer of a pod on the same bridge comes back with its own address instead of the Service's.
	return errors.Join(sysctl("net/ipv4/ip_forward", "1"), sysctl("net/bridge/bridge-nf-call-iptables", "1"))
}

func sysctl(name, value string) error {
	if err := os.WriteFile(filepath.Join("/proc/sys", name), []byte(value), 0o644); err != nil {
		return fmt.Errorf("setting %s: %w", strings.ReplaceAll(name, "/", "."), err)
	}
	return nil
}

func up(link netlink.Link) error {
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("setting link %s up: %w", link.Attrs().Name, err)
	}
	return nil
}

func address(link netlink.Link, cidr string) error {
	addr, err := netlink.ParseAddr(cidr)
	if err != nil {
		return fmt.Errorf("parsing address %s: %w", cidr, err)
	}
	if err := netlink.AddrReplace(link, addr); err != nil {
		return fmt.Errorf("setting address %s: %w", cidr, err)
	}
	return nil
}

func route(cidr, via string) error {
	_, dst, err := net.ParseCIDR(cidr)
	if err != nil {
		return fmt.Errorf("parsing network %s: %w", cidr, err)
	}
	if err := netlink.RouteReplace(&netlink.Route{Dst: dst, Gw: net.ParseIP(via)}); err != nil {
		return fmt.Errorf("routing %s via %s: %w", cidr, via, err)
	}
	return nil
}

func isMissing(err error) bool {
	var notFound netlink.LinkNotFoundError
	return errors.As(err, &notFound) || errors.Is(err, syscall.ENODEV)
}
