// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package retention answers: which snapshots may go, and why do the others stay?
//
// The rule is pure: a list, a policy and a time in; a decision with its reasons for each snapshot out. It errs
// towards keeping. The newest successful snapshot is never dropped, however old it is; what is unfinished or pinned
// is not touched; a limit that makes no sense limits nothing.
package retention
