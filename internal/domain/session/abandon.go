// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/snapshot"
)

// Abandon is what a Snapshot's status becomes when its BackupSession is deleted before it has finished: nobody
// would ever complete it. A Snapshot that is complete stays as it is.
func Abandon(before storagev1alpha1.SnapshotStatus, now metav1.Time) storagev1alpha1.SnapshotStatus {
	status := *before.DeepCopy()
	if snapshot.Completed(status) {
		return status
	}
	const why = "the BackupSession was deleted before it had finished."
	for name, c := range status.Components {
		if !terminal(c.Phase) {
			status.Components[name] = failed(c, why)
		}
	}
	metav1alpha1.SetCondition(&status.Conditions, metav1alpha1.Condition{
		Type: storagev1alpha1.ConditionBackupIncomplete, Status: metav1.ConditionTrue,
		Reason:  storagev1alpha1.ReasonBackupExecutorTerminatedBeforeCompletion,
		Message: "The BackupSession was deleted before it had finished.",
	}, now)
	snapshot.Summarize(&status, now)
	return status
}
