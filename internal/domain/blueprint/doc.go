// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package blueprint answers: which BackupConfiguration does an annotated object get, and why not?
//
// Decide takes what is known of one object, annotated or not, and returns what to apply and what to delete. What
// it can't resolve leaves what there is, and is told to the object's owner: a slip in an annotation must not end
// backups. Values of annotations are data; wherever one could point into another namespace it is refused.
package blueprint
