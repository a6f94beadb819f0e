// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package snapshot answers: when a Snapshot is deleted, what goes with it?
//
// Nothing, unless its policy is WipeOut. Its status belongs to the controller of BackupSessions, which makes it.
package snapshot
