// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package invoker answers: what does the object that starts backups ask for?
//
// A BackupConfiguration has one target, and its sessions say how that is backed up. A BackupBatch has several, and
// its sessions say that of each. Whoever acts on one of them reads it in the form that is kept here: sessions
// that have parts, of which each backs up one target into Repositories of its own.
package invoker
