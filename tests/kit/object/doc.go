// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package object answers: what does an object look like of which a test cares about one field only?
//
// Each builder returns an object that works, with the names that a family of objects shares: a Deployment "app" whose
// data is in the claim "data", backed up into the Repository "repo" on the BackupStorage "storage". A test changes
// what it is about, on the value that it gets.
package object
