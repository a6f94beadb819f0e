// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package repository answers: when a Repository, its BackupStorage or one of its Snapshots changes, what do we look at?
//
// The document of a Repository is written from here where the storage is on the network; a backup pod does it for the
// others. What its Snapshots amount to is decided in internal/domain/repository.
package repository
