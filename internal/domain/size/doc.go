// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package size answers: how are amounts of data and lengths of time written in a status?
//
// The published strings round, and users parse them, so each has exactly one writer here. Whoever calculates uses the
// integer fields beside them; Parse is for what only the string remembers.
package size
