// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package application answers: of which parts with data of their own does a target consist?
//
// A Deployment is one, whatever its replicas: they share their volumes. A StatefulSet has one for each pod, a
// DaemonSet one for each node. Each part is a component of a Snapshot, and one pod moves its bytes.
package application
