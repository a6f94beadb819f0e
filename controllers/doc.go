// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controllers answers: which controllers run, and what does each of them get?
//
// It is the one list. A controller lives in a folder of its own, controllers/<group>/<kind>, and no
// controller imports another.
package controllers
