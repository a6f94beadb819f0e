// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package storage answers: can backups be kept in this BackupStorage, and what does its own document say?
//
// A storage on the network is looked at by the operator itself, at once and then at a slow interval, so that lost
// access shows; one on a volume is written to by a Job. Decide turns what came of it into conditions and intents.
// The document, metadata.yaml, lists the Repositories. It is merged and never replaced: what it lists and the
// cluster doesn't have may be all that is left of another cluster.
package storage
