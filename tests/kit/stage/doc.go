// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package stage answers: what is there on a real cluster before a test begins, and what must be gone after it?
//
// A Host is the machine's own cluster with the operator of this checkout and an S3 server in it. A World is a test's
// part of it: a namespace, which goes with a test that went well and stays with one that failed.
package stage
