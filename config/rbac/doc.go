// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rbac answers: who may do what?
//
// role.yaml is generated from the markers in controllers; the rest is written by hand.
package rbac

import "embed"

// Files are the manifests.
//
//go:embed *.yaml
var Files embed.FS
