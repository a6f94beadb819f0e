// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package process answers: which of our servers run, and how do they start and end?
//
// A process id alone proves nothing: ids are used again. So a record holds the start time and the machine's boot too, and every server
// carries a marker in its environment, which shims inherit; nothing is ever signalled that has neither.
package process
