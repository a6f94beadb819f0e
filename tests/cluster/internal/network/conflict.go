// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"net"

	"github.com/vishvananda/netlink"

	"kubestash.com/kubestash/tests/cluster/internal/plan"
)

// checkConflict refuses a machine that already uses our networks, for a VPN or another cluster: taking its routes would cut it off.
func checkConflict() error {
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("listing routes: %w", err)
	}
	own := -1
	if link, err := netlink.LinkByName(plan.Bridge); err == nil {
		own = link.Attrs().Index
	}
	for _, r := range routes {
		if r.Dst == nil || r.LinkIndex == own {
			continue
		}
		if ones, _ := r.Dst.Mask.Size(); ones == 0 {
			continue
		}
		for _, cidr := range []string{plan.NodeNet, plan.PodNet, plan.ServiceNet} {
			if overlaps(r.Dst, cidr) {
				return fmt.Errorf("wiring the cluster: this machine routes %s already, and the cluster needs %s", r.Dst, cidr)
			}
		}
	}
	return nil
}

func overlaps(a *net.IPNet, cidr string) bool {
	_, b, err := net.ParseCIDR(cidr)
	return err == nil && (a.Contains(b.IP) || b.Contains(a.IP))
}
