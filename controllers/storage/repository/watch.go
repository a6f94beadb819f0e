// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	rule "kubestash.com/kubestash/internal/domain/snapshot"
	"kubestash.com/kubestash/internal/kube"
)

// A Repository sums its Snapshots up. A backup writes its Snapshot several times in a row and drops an older one at its end; counting after
// each of these would cost more writes than the backup itself.
const (
	// afterChange is how long after a Snapshot has ended, or has gone, they are counted.
	afterChange = time.Second
	// afterStart is the same for one that is still worked on. A backup that ends sooner is counted once.
	afterStart = 15 * time.Second
)

// snapshots looks at the Repository of a Snapshot, soon.
func snapshots() handler.EventHandler {
	return kube.Later(func(o client.Object, isGone bool) (client.ObjectKey, time.Duration, bool) {
		s, ok := o.(*storagev1alpha1.Snapshot)
		if !ok || s.Spec.Repository == "" {
			return client.ObjectKey{}, 0, false
		}
		after := afterChange
		if !isGone && s.DeletionTimestamp.IsZero() && !rule.Completed(s.Status) {
			after = afterStart
		}
		return client.ObjectKey{Namespace: s.Namespace, Name: s.Spec.Repository}, after, true
	})
}
