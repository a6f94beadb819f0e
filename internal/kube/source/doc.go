// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package source answers: what does it take to open a Repository, and which Functions can an Addon run?
//
// Both sessions, of backup and of restore, ask. What is missing is a problem in words for the user, not an
// error: an error means that the API server could not be asked.
package source
