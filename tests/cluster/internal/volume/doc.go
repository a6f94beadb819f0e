// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package volume answers: who gives a claim its volume, and who takes the volume away?
//
// A provisioner for PersistentVolumes of type "local": a folder below the node's state, bound to the node that the scheduler chose. The nodes
// share the machine's file system, so one process on the host serves all of them, without helper pods. Type "local" and not "hostPath",
// because a kubelet applies fsGroup to the first only.
package volume
