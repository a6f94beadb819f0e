// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package crd answers: which CRDs does this version bring?
//
// They are generated from api/ by `make manifests`, never edited by hand.
package crd

import "embed"

// Bases holds the CRDs as YAML files, below the folder "bases".
//
//go:embed bases/*.yaml
var Bases embed.FS
