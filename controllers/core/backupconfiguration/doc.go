// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package backupconfiguration answers: when a BackupConfiguration, or something that it refers to, changes, what is
// looked at and written?
//
// It writes the BackupConfiguration's status, makes its Repositories and one CronJob per session, and starts the
// first BackupSession of each session as soon as everything is there. Deletion takes the Repositories along as
// their policies say.
package backupconfiguration
