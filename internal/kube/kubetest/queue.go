// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kubetest

import (
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Queue notes what is asked for, and how soon. It can nothing else.
type Queue struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]
	Asked map[client.ObjectKey]time.Duration
}

// NewQueue is one that nobody has asked anything of.
func NewQueue() *Queue { return &Queue{Asked: map[client.ObjectKey]time.Duration{}} }

// Add notes what is asked for at once.
func (q *Queue) Add(request reconcile.Request) { q.AddAfter(request, 0) }

// AddAfter notes what is asked for later.
func (q *Queue) AddAfter(request reconcile.Request, after time.Duration) {
	q.Asked[request.NamespacedName] = after
}
