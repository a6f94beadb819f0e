// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package restic answers: how does restic spell it, and what does its answer mean?
//
// It is the only place that knows a flag, an environment variable, a JSON message or an exit code of
// restic. It starts one process per question and holds no state between them. What restic says in words
// is turned into an engine.Class; what it says in numbers into the nouns of package engine.
//
// It never runs "unlock", least of all with --remove-all: a lock belongs to somebody, and whether that
// somebody is gone is not a question that can be answered here.
package restic
