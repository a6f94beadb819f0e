// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kept answers: what does the operator keep in memory of the objects of a cluster?
//
// A cluster may have ten thousand BackupConfigurations, and each of them has a CronJob, a Repository and a target. The cache holds them all,
// all the time. Its transforms leave out what nobody reads, and store what is left as tightly as they can; its indexes are kept once.
//
// What a transform leaves out must never be written back: whoever changes an object sends a patch or an apply, never an update.
package kept
