// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package command answers: what may a person, a Makefile or a test suite ask of us?
//
// One file per verb. What a command answers goes to standard output, alone; what it does meanwhile goes to standard error. So
// $(cluster bin restic) is always a path.
package command
