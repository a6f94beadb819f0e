// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller"
)

const (
	// firstRetry and lastRetry bound how soon a pass that failed is repeated; the time doubles in between. The library
	// lets it grow to a quarter of an hour: a run would stand still for that long after an API server that was away for
	// as long is there again.
	firstRetry = 5 * time.Millisecond
	lastRetry  = time.Minute
)

// Workers are the options of a controller with so many workers.
func Workers[R comparable](count int) controller.TypedOptions[R] {
	return controller.TypedOptions[R]{
		MaxConcurrentReconciles: count,
		RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[R](firstRetry, lastRetry),
	}
}
