// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package arch answers: does every line stand in its room?
//
// It is a test, with its rules where they can be tested themselves. docs/architecture.md draws the map; rooms.go is
// the map. An import goes to a strictly lower floor, unless a family says why not, and nobody crosses from one wing
// into the other. source.go holds the manners that a file can break alone.
//
// To add a room, add a line to rooms. To bend a rule, add a family with its reason, and be ready to argue it.
package arch
