// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"reflect"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/snapshot"
)

func TestAbandon(t *testing.T) {
	now := metav1.NewTime(time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC))
	running := storagev1alpha1.SnapshotStatus{
		TotalComponents: 2,
		Components: map[string]storagev1alpha1.Component{
			"done": {Phase: storagev1alpha1.ComponentPhaseSucceeded}, "busy": snapshot.Running("p", nil),
		},
	}
	got := Abandon(running, now)
	if got.Phase != storagev1alpha1.SnapshotPhaseFailed {
		t.Errorf("got phase %s, want Failed", got.Phase)
	}
	if got.Components["done"].Phase != storagev1alpha1.ComponentPhaseSucceeded || got.Components["busy"].Phase != storagev1alpha1.ComponentPhaseFailed {
		t.Errorf("got components %+v", got.Components)
	}
	if running.Components["busy"].Phase != storagev1alpha1.ComponentPhaseRunning {
		t.Error("the status that was handed in changed")
	}

	complete := storagev1alpha1.SnapshotStatus{
		TotalComponents: 1, Components: map[string]storagev1alpha1.Component{"done": {Phase: storagev1alpha1.ComponentPhaseSucceeded}},
	}
	snapshot.Record(&complete, nil, now)
	if got := Abandon(complete, now); !reflect.DeepEqual(got, complete) {
		t.Errorf("a complete Snapshot changed: %+v", got)
	}
}
