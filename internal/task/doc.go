// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package task answers: what does the operator tell a pod, and what does it hear back?
//
// It is the one seam between the wings. The operator writes a Task into the session's Secret, which
// the pod mounts as files; the pod prints Progress lines on its standard output and leaves a Report
// in its termination message. Both are versioned JSON. A Task names files that hold credentials and
// never holds one itself. There is no logic here, only the two documents and their encoding.
package task
