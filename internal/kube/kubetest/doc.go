// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kubetest answers: what did a watch ask for?
package kubetest
