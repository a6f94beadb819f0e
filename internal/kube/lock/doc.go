// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package lock answers: what does the API server know of those who may have left a lock in a repository?
//
// What proves that somebody is gone is asked of the API server itself, never of a cache.
package lock
