// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package render answers: what do the configuration files and command lines of the servers say?
//
// Pure text: nothing here reads or changes the machine, so all of it can be read in a test.
package render
