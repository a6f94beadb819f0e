// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package inventory answers: which documents lie in a store, one after the other?
//
// Each folder that holds a repository.yaml gives that document and those in its folder snapshots. The order is that of
// a walk, folders by name, so that reading can stop anywhere and go on later from the last key, in another process if
// need be. What restic keeps is not looked into: a store may hold millions of its files. Nothing is believed of what
// was found: that is for who reads the documents.
package inventory
