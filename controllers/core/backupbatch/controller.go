// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupbatch

import (
	ctrl "sigs.k8s.io/controller-runtime"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/controllers/core/backupconfiguration"
)

// The finalizer and the status: kube.Skeleton. Rivals of BackupConfigurations: backupconfiguration, others.
// +kubebuilder:rbac:groups=core.kubestash.com,resources=backupbatches,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=core.kubestash.com,resources=backupbatches/status,verbs=patch
// Owning CronJobs and BackupSessions with blockOwnerDeletion: internal/desired, Trigger and BackupSession.
// +kubebuilder:rbac:groups=core.kubestash.com,resources=backupbatches/finalizers,verbs=update
// All the rest is as for BackupConfigurations, and is written down there.

// Reconciler reconciles BackupBatches.
type Reconciler = backupconfiguration.Reconciler[corev1alpha1.BackupBatch, *corev1alpha1.BackupBatch]

// New returns a Reconciler.
func New(deps backupconfiguration.Deps) *Reconciler {
	return backupconfiguration.NewOf[corev1alpha1.BackupBatch](deps)
}

// Register adds the controller to the manager. Its indexes come with the controller of BackupConfigurations.
func Register(mgr ctrl.Manager, deps backupconfiguration.Deps) error {
	return backupconfiguration.RegisterOf[corev1alpha1.BackupBatch](mgr, deps, "backupbatch", &corev1alpha1.BackupBatchList{})
}
