// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package all answers: which backends are there?
//
// It is the list of the family's members. Only cmd and tests import it; everybody else is handed Find.
package all
