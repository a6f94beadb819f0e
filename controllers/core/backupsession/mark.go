// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"cmp"

	"k8s.io/apimachinery/pkg/types"

	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/task"
)

// mark lets a pod tell what it stores from what others have, and find what pods that died have left.
func (g *gathered) mark(t *task.Repository, component string) {
	for _, u := range g.facts.Units {
		for _, fact := range u.Repositories {
			if fact.Name != t.Name {
				continue
			}
			var known types.UID
			if fact.Snapshot != nil {
				known = fact.Snapshot.UID
			}
			t.Mark = session.Mark(cmp.Or(known, g.made[t.Snapshot]))
			t.Untold, t.Known = session.Untold(fact.Past, component)
		}
	}
}
