// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package compat answers: do the objects that the last release has written still work with the CRDs of this version?
//
// It compares as OLM v1 does before an upgrade, with the same library and the same strictness: what the library has no rule for is a
// break. The CRDs of the last release lie in config/crd/released, without their descriptions; command freeze writes them.
package compat
