// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package backupblueprint answers: when an annotated object, its BackupBlueprint, or the BackupConfiguration that
// was made of the two changes, what is looked at and written?
//
// Targets are watched as metadata only. One reconcile serves all kinds of them: it applies the target's
// BackupConfiguration under our field manager, or removes it, and tells the target's owner why when it can't. It
// never touches a Repository, a Snapshot, or a BackupConfiguration that a user made.
package backupblueprint
