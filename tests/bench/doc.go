// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package bench answers: what do the programs that measure share?
//
// It says how much is measured, on which machine, and how a program of this checkout is built.
package bench
