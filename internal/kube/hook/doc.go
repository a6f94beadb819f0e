// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package hook answers: how is a hook's attempt carried out, and what became of it?
//
// A reconcile must not wait for an attempt, so a Runner makes it beside the reconciles, a bounded number at a time, and calls for a pass
// when it has ended. What a Runner remembers is worth nothing: after a restart nobody knows of the attempt, and it is made again. The
// attempt of a Function is a Job, which outlives the operator.
//
// What was sent, and what a server answered, is told to nobody: both may hold secrets.
package hook
