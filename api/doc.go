// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package api answers: do our kinds keep the promise that manifests written for the published guides apply unchanged?
//
// It holds no code; the groups lie below. Its tests put the guides' manifests, our samples, and bad objects to the generated CRDs.
package api
