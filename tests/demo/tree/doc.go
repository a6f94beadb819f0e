// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tree answers: which files does a demo or a test back up, and did every bit of them come back?
//
// Plant makes a tree with what real volumes hold and careless programs lose: names that aren't UTF-8, set-id bits,
// foreign owners, hard and dangling links, empty files, times before 1970. The tree is a function of a seed, so it needs no
// download and no copy to compare with. List reads a tree back as one Entry for each name, and Compare says what differs.
package tree
