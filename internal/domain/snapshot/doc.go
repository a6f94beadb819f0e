// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package snapshot answers: what does a Snapshot's status say, given what became of its components?
//
// The operator asks when a pod has left its Report, and the mover asks when it writes the Snapshot's document
// into a volume that only pods can reach, so that both say the same.
package snapshot
