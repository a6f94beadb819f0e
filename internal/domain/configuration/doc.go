// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package configuration answers: can this BackupConfiguration, or BackupBatch, be carried out, and what has to exist
// for that?
//
// Decide takes Facts and returns a Verdict: the status, what to create or change, and when to look again. What is
// wrong with the spec makes it Invalid; what is only missing leaves it NotReady, and each missing thing is told
// with what to do about it. Two that want the same folder are told apart by who was first.
// Slot is the second life here: what a Job that marks a slot of the schedule leads to.
package configuration
