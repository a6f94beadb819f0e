// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package maintenance answers: when is a Repository pruned and checked, may that start now, and what did it find?
//
// A maintenance that is due waits for backups and restores, never the other way round: it starts only when nobody works
// on the Repository. It is tried once for each time of its schedule, so that what fails doesn't loop.
package maintenance
