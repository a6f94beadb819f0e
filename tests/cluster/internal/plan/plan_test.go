// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
)

func TestNodesDontShareAnything(t *testing.T) {
	c, err := New(MaxNodes, "/state")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, n := range c.Nodes {
		for _, v := range []string{n.Name, n.Namespace, n.IP, n.PodCIDR, n.CgroupRoot + " group", n.Link + " link", n.Dir} {
			key := v
			if other, found := seen[key]; found && other != n.Name {
				t.Errorf("%s and %s share %q", other, n.Name, v)
			}
			seen[key] = n.Name
		}
		// An interface's name has at most 15 characters.
		if len(n.Link) > 15 {
			t.Errorf("link %q is too long", n.Link)
		}
	}
}

func TestNetworksContainTheirsAndDontOverlap(t *testing.T) {
	c, err := New(MaxNodes, "/state")
	if err != nil {
		t.Fatal(err)
	}
	nodes, pods, services := netip.MustParsePrefix(NodeNet), netip.MustParsePrefix(PodNet), netip.MustParsePrefix(ServiceNet)
	if nodes.Overlaps(pods) || nodes.Overlaps(services) || pods.Overlaps(services) {
		t.Error("networks overlap")
	}
	for _, n := range c.Nodes {
		if !nodes.Contains(netip.MustParseAddr(n.IP)) || n.IP == HostIP {
			t.Errorf("%s has the address %s", n.Name, n.IP)
		}
		subnet := netip.MustParsePrefix(n.PodCIDR)
		if !pods.Contains(subnet.Addr()) || subnet.Bits() != 24 {
			t.Errorf("%s has the pod network %s", n.Name, n.PodCIDR)
		}
	}
	if !services.Contains(netip.MustParseAddr(DNSIP)) || !services.Contains(netip.MustParseAddr(ServiceIP)) {
		t.Error("service addresses are outside their network")
	}
}

func TestNumberOfNodes(t *testing.T) {
	for _, n := range []int{-1, 0, MaxNodes + 1} {
		if _, err := New(n, "/state"); err == nil {
			t.Errorf("planned %d nodes", n)
		}
	}
}

func TestIsPodIP(t *testing.T) {
	for address, want := range map[string]bool{"10.211.3.4": true, "10.210.0.2": false, "10.96.0.10": false, "": false, "x": false, "::1": false} {
		if got := IsPodIP(address); got != want {
			t.Errorf("IsPodIP(%q) = %t", address, got)
		}
	}
}

func TestCacheFolder(t *testing.T) {
	if got := CacheFolder("/xdg", "/root"); got != "/xdg/kubestash" {
		t.Error(got)
	}
	if got := CacheFolder("", "/root"); got != "/root/.cache/kubestash" {
		t.Error(got)
	}
}

func TestFindProjectClimbs(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b")
	for _, dir := range []string{deep, filepath.Join(root, "tests", "cluster", "tools")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := FindProject("/nonexistent", deep); err != nil || got != root {
		t.Errorf("found %q, %v", got, err)
	}
	if got, err := FindProject(t.TempDir()); err == nil {
		t.Errorf("found %q in a folder without a project", got)
	}
}
