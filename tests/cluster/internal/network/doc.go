// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package network answers: how are the nodes wired, to each other and to the host?
//
// A bridge in the host's namespace, one network namespace and one cable for each node, and routes for the pod and service networks. The
// host doesn't forward for the nodes, so nothing in the cluster can leave the machine, and a test in the host's namespace reaches the API
// server, pods, Services and node ports directly.
package network
