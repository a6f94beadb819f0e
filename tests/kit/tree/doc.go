// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tree answers: did every byte of a folder come back, and everything about it?
//
// Write makes a folder with what backups get wrong: links, empty files and folders, odd names, modes, owners
// and times. Read describes a folder so that two descriptions can be compared, or printed where they differ.
package tree
