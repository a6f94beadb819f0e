// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"cmp"
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// AnnounceConditions announces an event for each condition whose status, reason or message differs between before
// and after, with the condition's reason. It is for conditions of which True is good; any other status is a warning.
// The messages have been redacted.
func AnnounceConditions(ctx context.Context, r Recorder, obj runtime.Object, before, after []metav1alpha1.Condition) {
	for _, c := range after {
		old := metav1alpha1.FindCondition(before, c.Type)
		if old != nil && old.Status == c.Status && old.Reason == c.Reason && old.Message == c.Message {
			continue
		}
		tell := r.Warning
		if c.Status == metav1.ConditionTrue {
			tell = r.Normal
		}
		reason, message := cmp.Or(c.Reason, c.Type), c.Message
		Announce(ctx, func() { tell(obj, reason, message) })
	}
}
