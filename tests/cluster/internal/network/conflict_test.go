// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"net"
	"testing"
)

func TestOverlaps(t *testing.T) {
	for sentence, c := range map[string]struct {
		route string
		want  bool
	}{
		"the same network":          {"10.211.0.0/16", true},
		"a part of it":              {"10.211.7.0/24", true},
		"one that holds it":         {"10.0.0.0/8", true},
		"its neighbour":             {"10.212.0.0/16", false},
		"a network somewhere else":  {"192.168.0.0/16", false},
		"one address in the middle": {"10.211.128.1/32", true},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, route, err := net.ParseCIDR(c.route)
			if err != nil {
				t.Fatal(err)
			}
			if got := overlaps(route, "10.211.0.0/16"); got != c.want {
				t.Errorf("overlaps(%s) = %t", c.route, got)
			}
		})
	}
}
