// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package lock answers: may I change this now, or is another of us at it?
//
// A cluster has fixed addresses, a fixed bridge and fixed control groups, so one machine holds one cluster and one command at a time changes
// it. The kernel drops the lock with the process that held it, however that ends.
package lock
