// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package backend answers: where do bytes live, and how is that place reached?
//
// It is the port that each store implements in a folder of its own. Both wings use it: the operator
// asks a network backend for its Objects to write metadata, and the mover asks every backend how
// restic reaches a repository. A backend gets the values of its Secret handed in; it never reads one
// from the API server.
package backend
