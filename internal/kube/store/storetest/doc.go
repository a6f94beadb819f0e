// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package storetest answers: what does a controller do with a backend that we can look into?
//
// Its backend keeps objects in memory, fails on demand, and counts writes. It is for tests only.
package storetest
