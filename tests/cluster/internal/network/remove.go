// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"kubestash.com/kubestash/tests/cluster/internal/plan"
)

// Remove takes everything away that Ensure made, and the namespaces of pods that the container runtime could not clean up. Routes go with the
// bridge, cables with their namespaces.
func Remove(c plan.Cluster) error {
	errs := []error{removePods()}
	for _, n := range c.Nodes {
		errs = append(errs, removeLink(n.Link), removeNamespace(n.Namespace))
	}
	return errors.Join(append(errs, removeLink(plan.Bridge))...)
}

func removeLink(name string) error {
	link, err := netlink.LinkByName(name)
	if isMissing(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("finding link %s: %w", name, err)
	}
	if err := netlink.LinkDel(link); err != nil && !isMissing(err) {
		return fmt.Errorf("removing link %s: %w", name, err)
	}
	return nil
}

// removePods removes pod namespaces that hold an address of our pod network. Others with the same kind of name belong to others.
func removePods() error {
	paths, err := filepath.Glob(filepath.Join(namespaces, "cni-*"))
	if err != nil {
		return fmt.Errorf("listing pod namespaces: %w", err)
	}
	var errs []error
	for _, path := range paths {
		if name := filepath.Base(path); isPod(name) {
			errs = append(errs, removeNamespace(name))
		}
	}
	return errors.Join(errs...)
}

func isPod(name string) bool {
	handle, err := netns.GetFromName(name)
	if err != nil {
		return false
	}
	defer handle.Close()
	ours := false
	err = inHandle(handle, func() error {
		addrs, err := netlink.AddrList(nil, netlink.FAMILY_V4)
		for _, a := range addrs {
			ours = ours || plan.IsPodIP(a.IP.String())
		}
		return err
	})
	return err == nil && ours
}

// Leftovers lists what of ours is still there; nil means that the machine is as it was.
func Leftovers() []string {
	var left []string
	if _, err := netlink.LinkByName(plan.Bridge); err == nil {
		left = append(left, "link "+plan.Bridge)
	}
	entries, _ := os.ReadDir(namespaces)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "ks-node") || (strings.HasPrefix(e.Name(), "cni-") && isPod(e.Name())) {
			left = append(left, "network namespace "+e.Name())
		}
	}
	return left
}
