// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cluster answers: which Kubernetes does an e2e suite run on?
//
// The one of this machine, made by tests/cluster, or the one that KUBECONFIG names. Both are providers of sigs.k8s.io/e2e-framework, so a suite
// is written once. This package drives the program bin/cluster from outside, as the framework's own providers drive theirs: what that program
// is built of stays out of our module.
package cluster
