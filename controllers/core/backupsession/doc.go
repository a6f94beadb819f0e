// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package backupsession answers: when something about a run changes, what is to be looked at and done?
//
// It gathers a BackupSession's facts, has domain/session decide, and carries the intents out: Snapshots, one
// Job per component, the documents beside the data. It is the only writer of a BackupSession's status and of
// a Snapshot's.
package backupsession
