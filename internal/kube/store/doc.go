// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package store answers: how does the operator reach what is kept in a BackupStorage?
//
// A store on the network is opened with the credentials of its Secret; one on a volume is worked on by a Job. What
// comes out of here in errors has lost the Secret's values. The field indexes by which Repositories and Snapshots
// are found are here too, because several controllers ask by them.
package store
