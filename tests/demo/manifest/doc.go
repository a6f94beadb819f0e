// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Command manifest answers, inside a pod: what exactly is in this folder?
//
// It is one static file that runs in any Linux container, so that the answer doesn't depend on what its tools print.
package main
