// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package definition answers: does the cluster's definition of a kind know every field that this program reads and
// writes, as the type that it has here?
//
// An API server drops a field that its definition doesn't know, without a word. An operator that is newer than the
// definitions would so forget what it has written, and begin again what it has done. And one object that has a value of another type than the program
// expects keeps it from reading any of the kind.
package definition
