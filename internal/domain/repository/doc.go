// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package repository answers: what is so about a Repository, and where in the backend does its part lie?
//
// Decide says whether backups can be kept in it, Summarize what its Snapshots amount to, and the layout and the
// documents say what is beside the data: a bucket alone is enough to know all of it again.
package repository
