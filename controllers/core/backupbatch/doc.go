// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package backupbatch answers: when what a BackupBatch rests on changes, what is brought about for it?
//
// The same as for a BackupConfiguration, with a part of each session per target: package backupconfiguration does
// it for both.
package backupbatch
