// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package trigger answers: when a CronJob has made the Job of a slot, what becomes of it?
//
// The Job says that we manage it, so Kubernetes starts no pod for it. It is answered with a BackupSession that is
// named after the slot, and completed. The BackupSession comes first: a restart in between finds it and only
// completes the Job. A slot of a BackupConfiguration that is paused or gone is completed and leads to nothing.
package trigger
