// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cgroup answers: where do the pods of a node live in the control groups, and how do they leave?
//
// A kubelet wants its root group to exist before it starts, in every hierarchy that is mounted; and what runs in the end below that group is
// ours, whatever it is.
package cgroup
