// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package backupstorage answers: when a BackupStorage, one of its Repositories or its init Job changes, what do we
// look at?
//
// A storage on the network is opened from here, and its document written. Of one on a volume, a Job does that. What
// it means is decided in internal/domain/storage.
package backupstorage
