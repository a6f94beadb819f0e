// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"maps"
	"slices"

	"kubestash.com/kubestash/internal/domain/naming"
)

// Facts are who may have left a lock in the repository of a component.
type Facts struct {
	Component string
	// Backups and Restores are the earlier runs.
	Backups, Restores []Run
	// Maintenance are the Jobs of the last maintenance.
	Maintenance []string
	// Open are the Jobs that may start a pod yet, or of which a pod works.
	Open map[string]bool
}

// Run is one session.
type Run struct {
	Session string
	// Target is the name of a backup's target among several; empty for the only one.
	Target string
	// Components is how many the run has: the names of its Jobs depend on it.
	Components int
	// Worked is true once none of the components' Jobs will be started any more, and Over once no Job at all will be.
	Worked, Over bool
}

// Ended names the Jobs whose locks are stale.
func Ended(f Facts) []string {
	ended := map[string]bool{}
	for _, run := range f.Backups {
		if run.Worked || run.Over {
			ended[naming.TargetJob(run.Session, run.Target, f.Component, run.Components)] = true
		}
		if run.Over && run.Components > 1 {
			ended[naming.TargetRetentionPolicyJob(run.Session, run.Target)] = true
		}
	}
	for _, run := range f.Restores {
		if run.Over {
			ended[naming.RestoreJob(run.Session, f.Component, run.Components)] = true
		}
	}
	for _, name := range f.Maintenance {
		ended[name] = true
	}
	maps.DeleteFunc(ended, func(name string, _ bool) bool { return name == "" || f.Open[name] })
	return slices.Sorted(maps.Keys(ended))
}
