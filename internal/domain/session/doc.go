// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package session answers: given what exists now, what is next in the life of a BackupSession?
//
// Decide takes Facts and the time and returns a Verdict: the status to be written, and intents that must be
// carried out before that status holds. It keeps no state: a run goes on from the objects that exist,
// wherever it was interrupted.
//
//	not allowed to start ─► Skipped, or Failed with the reason
//	start   ─► a Snapshot per repository, a Job per component
//	watch   ─► components from the Jobs' Reports and progress
//	record  ─► each Snapshot completed, its document beside the data
//	finish  ─► retention, history, the final condition, the session's Secret removed
package session
