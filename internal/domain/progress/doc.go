// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package progress answers: how far is it, in the words that a status shows?
//
// These amounts are decimal and without a space ("13.5MB"), unlike the sizes beside them: so it is published.
package progress
