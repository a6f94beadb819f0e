// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package sandbox answers: which pods does a node's container runtime hold, and how do all of them go?
//
// Asking the runtime to remove them ends the containers, takes their network apart and ends the shims. Killing the shims instead would leave
// the containers behind as orphans.
package sandbox
