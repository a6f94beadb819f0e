// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package apiserver answers: where is a real API server that nobody else works with?
//
// It starts etcd and kube-apiserver as processes, with the project's CRDs. There is no scheduler, no kubelet and
// no controller: whatever happens to an object, the test has done. The programs are those of the test cluster, or
// those in KUBEBUILDER_ASSETS where that is set.
package apiserver
