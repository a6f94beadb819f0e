// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package backendtest answers: does a member of the backend family keep the port's promises?
//
// Every member's tests run Objects against a real store of its kind.
package backendtest
