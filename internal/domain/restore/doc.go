// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package restore answers: given what exists now, what is next in the life of a RestoreSession?
//
// A restore fails closed: unless the Snapshot is there, complete, of the right target and with every component
// that was asked for, nothing is written. "Nothing to restore" is never a success.
package restore
