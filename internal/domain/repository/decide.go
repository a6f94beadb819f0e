// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/size"
)

// Facts is all that a decision about one Repository rests on.
type Facts struct {
	// Now stamps conditions that change.
	Now        metav1.Time
	Generation int64
	// Status is what stands there now.
	Status storagev1alpha1.RepositoryStatus
	// Problems say what is wrong with the spec, in words for the one who wrote it.
	Problems []string
	// Storage is the BackupStorage, as "namespace/name".
	Storage string
	// StorageFound, StorageAllowed and StorageReady say whether it exists, lets this namespace use it, and works.
	StorageFound, StorageAllowed, StorageReady bool
	// Denial tells why the storage does not let this namespace use it.
	Denial string
	// StorageMessage tells why the storage is not ready.
	StorageMessage string
	// Network is true when the operator itself writes the Repository's document; otherwise a backup pod does.
	Network bool
	// Write is what came of writing the document in this pass; nil when it was not tried.
	Write *Write
	// Snapshots are those of the Repository, in any order.
	Snapshots []storagev1alpha1.Snapshot
}

// Write is what came of writing the Repository's document. An empty Failure means that it is written.
type Write struct{ Failure string }

// Verdict is a decision.
type Verdict struct {
	Status storagev1alpha1.RepositoryStatus
	// Document asks for the document to be written before the verdict holds. Decide again with Facts.Write set.
	Document bool
	// Blocked tells why backups can't be kept here; empty when they can.
	Blocked string
}

// Decide says whether backups can be kept in the Repository, and sums up its Snapshots.
func Decide(f Facts) Verdict {
	v := Verdict{Status: *f.Status.DeepCopy()}
	summary := Summarize(f.Snapshots)
	v.Status.SnapshotCount = ptr.To(summary.SnapshotCount)
	v.Status.RecentSnapshots = summary.Recent
	v.Status.LastBackupTime = summary.LastBackup
	v.Status.Size, v.Status.SizeBytes = size.Format(summary.Bytes), ptr.To(summary.Bytes)
	v.Status.Integrity = Integrity(f.Snapshots, f.Status)
	v.Status.ComponentPaths = summary.ComponentPaths

	v.Blocked = obstacle(f)
	if v.Blocked == "" && f.Network {
		switch {
		case f.Write == nil && !isWritten(f):
			// Nothing is known until it was tried: the condition stays as it is.
			v.Document = true
			v.Status.Phase = Phase(v.Status.Conditions)
			return v
		case f.Write != nil:
			v.Blocked = f.Write.Failure
		}
	}
	metav1alpha1.SetCondition(&v.Status.Conditions, condition(f.Generation, v.Blocked), f.Now)
	v.Status.Phase = Phase(v.Status.Conditions)
	return v
}

// obstacle names the first thing that is in the way of writing the document.
func obstacle(f Facts) string {
	switch {
	case len(f.Problems) > 0:
		return f.Problems[0]
	case !f.StorageFound:
		return fmt.Sprintf("BackupStorage %s does not exist. Create it, or correct spec.storageRef.", f.Storage)
	case !f.StorageAllowed:
		return fmt.Sprintf("BackupStorage %s is not allowed here: %s. Change its spec.usagePolicy, or use another storage.", f.Storage, f.Denial)
	case !f.StorageReady && f.StorageMessage == "":
		return fmt.Sprintf("BackupStorage %s is not ready yet.", f.Storage)
	case !f.StorageReady:
		return fmt.Sprintf("BackupStorage %s is not ready: %s", f.Storage, f.StorageMessage)
	default:
		return ""
	}
}

// isWritten trusts the condition of the same generation: the document depends on nothing but the spec.
func isWritten(f Facts) bool {
	c := metav1alpha1.FindCondition(f.Status.Conditions, storagev1alpha1.ConditionRepositoryInitialized)
	return c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == f.Generation
}

func condition(generation int64, blocked string) metav1alpha1.Condition {
	c := metav1alpha1.Condition{
		Type:               storagev1alpha1.ConditionRepositoryInitialized,
		Status:             metav1.ConditionTrue,
		ObservedGeneration: generation,
		Reason:             storagev1alpha1.ReasonRepositoryInitializationSucceeded,
		Message:            "Successfully initialized repository.",
	}
	if blocked != "" {
		c.Status = metav1.ConditionFalse
		c.Reason = storagev1alpha1.ReasonRepositoryInitializationFailed
		c.Message = blocked
	}
	return c
}

// SetFailed says in status that the Repository can't be used. It is for what happens past Decide: deletion.
func SetFailed(status *storagev1alpha1.RepositoryStatus, generation int64, message string, now metav1.Time) {
	metav1alpha1.SetCondition(&status.Conditions, condition(generation, message), now)
	status.Phase = Phase(status.Conditions)
}

// Phase sums the conditions of a Repository up.
func Phase(conditions []metav1alpha1.Condition) storagev1alpha1.RepositoryPhase {
	if metav1alpha1.IsConditionTrue(conditions, storagev1alpha1.ConditionRepositoryInitialized) {
		return storagev1alpha1.RepositoryPhaseReady
	}
	return storagev1alpha1.RepositoryPhaseNotReady
}
