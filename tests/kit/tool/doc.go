// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tool answers: where is the real program that a test runs against?
//
// Programs such as restic and versitygw are pinned by the Go modules under tests/cluster/tools, built
// once per machine and cached. A test asks for one by name and gets a path that can be run. A program
// that is missing is built; a program that can't be built fails the test, it is never skipped.
package tool
