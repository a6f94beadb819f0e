// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package ownerhandling answers: how does an object name its owner?
package ownerhandling

import "pkg.package-operator.run/boxcutter/machinery/types"

// NewNative is by owner references.
func NewNative(any) any { panic(types.Off) }
