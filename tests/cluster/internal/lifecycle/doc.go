// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package lifecycle answers: what has to be so for the cluster to run, and what for it to be gone?
//
// Every step looks before it acts, so "up" is the way from any state to a running cluster: from nothing, from a half-made one, from one
// whose servers were killed. "down" likewise goes from any state to a clean machine.
package lifecycle
