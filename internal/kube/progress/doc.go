// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package progress answers: how far is a pod that moves bytes?
//
// A pod prints its progress as lines of JSON; they are read through the log API, not oftener than every ten
// seconds per pod.
package progress
