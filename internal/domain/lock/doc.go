// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package lock answers: whose locks in a repository are stale?
//
// A lock is stale when the Job whose pod holds it is proved to be over. Whatever isn't proved is alive: to remove the
// lock of somebody who works loses data.
package lock
