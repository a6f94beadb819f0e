// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Command demo answers: does it work, from an annotation to the last restored bit, and what does one see meanwhile?
//
// Every step is a command that a user would type, run as it is printed, with what it prints. What the demo adds is
// patience (it waits for phases) and suspicion (it compares every entry of the tree, and reads the repository with a plain restic).
package main
