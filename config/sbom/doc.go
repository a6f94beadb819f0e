// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Command sbom answers: what is in the binaries that are shipped, and under which licences?
//
//	sbom --out dist/sbom [--created 2026-01-02T15:04:05Z] NAME=BINARY...
//
// It reads the modules from each binary itself, so that it tells what was linked and not what a go.mod allows, and the licences from the
// modules' sources. For each binary it writes NAME.spdx.json (SPDX 2.3), and for all of them licenses.txt and the texts in licenses/.
// A module whose licence isn't in allowed.txt is a failure, and so is a binary that isn't static or isn't for the architecture that its
// name ends with.
package main
