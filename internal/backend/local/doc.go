// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package local answers: how is a volume reached that is mounted into the pod?
//
// It works only where the volume is mounted, at the spec's mountPath. Every file operation stays below that
// folder, whatever symbolic links the volume holds.
package local
