// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package engine answers: what is a backup made of, and what can be done to one?
//
// It holds the nouns (Snapshot, Summary, Progress, Lock, Stats) and the Engine port. Nothing here
// knows how restic spells a flag; that is package engine/restic. Both wings of the house may import
// the nouns: the data wing fills them, the control wing prints them.
package engine
