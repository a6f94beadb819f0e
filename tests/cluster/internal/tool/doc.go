// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tool answers: which program do we need, at which version, and where is it on this machine?
//
// Every program is a tiny Go module under tests/cluster/tools: its go.mod pins the version and its go.sum pins every byte that goes in. A
// binary is built once per (go.mod, go.sum, sources, flags) and kept in a cache outside the checkout, so a second clone on the same machine
// finds it there.
package tool
