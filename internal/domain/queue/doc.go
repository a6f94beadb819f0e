// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package queue answers: whose turn is it?
//
// A Line knows which BackupSessions run and which wait. One may run when no limit stands in its way: of the whole
// cluster, of each BackupStorage that it writes to, of each node that it is known to need. Of one session of a
// BackupConfiguration only one runs at a time, whatever the limits. Among those that may run, the namespace that
// has the fewest running is next; among equals, the one that has had no turn for the longest; and of a namespace,
// the oldest. What must wait for its storage or node doesn't hold up those behind it.
//
// A Line is worth what its owner tells it: it is filled from objects at the start, and told of everything that ends.
package queue
