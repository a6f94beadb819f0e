// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package mover answers: what does a backup cost more than restic alone would cost?
//
// It runs the mover and a bare restic with the same settings on the same data, in turn, against one S3 server behind a proxy that counts. It has
// the build tag bench, and "make bench" runs it. Times and memory are reported against the goals and fail nothing, as a machine may be busy;
// requests and processes are the same everywhere, and fail it.
package mover
