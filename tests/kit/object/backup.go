// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package object

import (
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// Names of the addons that the operator ships.
const (
	WorkloadAddon = "workload-addon"
	ClaimAddon    = "pvc-addon"
)

// DeploymentRef refers to the Deployment.
func DeploymentRef(namespace string) *metav1alpha1.TypedObjectReference {
	return &metav1alpha1.TypedObjectReference{
		APIGroup: "apps", Kind: metav1alpha1.KindDeployment, Namespace: namespace, Name: App,
	}
}

// ClaimRef refers to the claim.
func ClaimRef(namespace string) *metav1alpha1.TypedObjectReference {
	return &metav1alpha1.TypedObjectReference{
		Kind: metav1alpha1.KindPersistentVolumeClaim, Namespace: namespace, Name: Claim,
	}
}

// BackupConfiguration backs the Deployment up once a day, at a time that is far from now in any test: what runs, the
// first run aside, is made by the test.
func BackupConfiguration(namespace string) *corev1alpha1.BackupConfiguration {
	return &corev1alpha1.BackupConfiguration{
		ObjectMeta: Meta(namespace, Configuration),
		Spec: corev1alpha1.BackupConfigurationSpec{
			Target:   DeploymentRef(namespace),
			Backends: Backends(namespace),
			Sessions: []corev1alpha1.Session{DailySession(namespace)},
		},
	}
}

// Names of a BackupBatch and of its targets, whose Repositories are named after them.
const (
	Batch       = "together"
	BatchApp    = "app"
	BatchUpload = "uploads"
	// Uploads is the claim that the BackupBatch backs up beside the Deployment.
	Uploads = "uploads-data"
)

// BackupBatch backs the Deployment and another claim up together, at a time that is far from now in any test.
func BackupBatch(namespace string) *corev1alpha1.BackupBatch {
	session := DailySession(namespace)
	target := func(name, addon string) corev1alpha1.BatchSessionTarget {
		repository := session.Repositories[0]
		repository.Name, repository.Directory = name+"-repo", "batch/"+name
		return corev1alpha1.BatchSessionTarget{
			Name: name, Addon: Addon(addon, metav1alpha1.TaskLogicalBackup, nil), Repositories: []corev1alpha1.RepositoryInfo{repository},
		}
	}
	claim := ClaimRef(namespace)
	claim.Name = Uploads
	return &corev1alpha1.BackupBatch{
		ObjectMeta: Meta(namespace, Batch),
		Spec: corev1alpha1.BackupBatchSpec{
			Backends: Backends(namespace),
			Targets: []corev1alpha1.BatchTarget{
				{Name: BatchApp, AppRef: DeploymentRef(namespace)}, {Name: BatchUpload, AppRef: claim},
			},
			Sessions: []corev1alpha1.BatchSession{{
				SessionConfig: session.SessionConfig,
				Targets:       []corev1alpha1.BatchSessionTarget{target(BatchApp, WorkloadAddon), target(BatchUpload, ClaimAddon)},
			}},
		},
	}
}

// Backends are the one BackupStorage with the one RetentionPolicy.
func Backends(namespace string) []corev1alpha1.BackendReference {
	return []corev1alpha1.BackendReference{{
		Name:            "backend",
		StorageRef:      &metav1alpha1.ObjectReference{Namespace: namespace, Name: Storage},
		RetentionPolicy: &metav1alpha1.ObjectReference{Namespace: namespace, Name: Retention},
	}}
}

// DailySession backs up into Repository, with workload-addon.
func DailySession(namespace string) corev1alpha1.Session {
	return corev1alpha1.Session{
		SessionConfig: corev1alpha1.SessionConfig{
			Name:                Session,
			Scheduler:           &corev1alpha1.SchedulerSpec{Schedule: "0 0 29 2 *"},
			SessionHistoryLimit: ptr.To[int32](5),
		},
		Addon: Addon(WorkloadAddon, metav1alpha1.TaskLogicalBackup, nil),
		Repositories: []corev1alpha1.RepositoryInfo{{
			Name: Repository, Backend: "backend", Directory: Directory,
			EncryptionSecret: &metav1alpha1.ObjectReference{Namespace: namespace, Name: EncryptionSecret},
		}},
	}
}

// Addon names one task of an addon, with its parameters.
func Addon(name, task string, params map[string]string) *corev1alpha1.AddonInfo {
	info := &corev1alpha1.AddonInfo{Name: name, Tasks: []corev1alpha1.TaskReference{{Name: task}}}
	if len(params) > 0 {
		raw, err := json.Marshal(params)
		if err != nil {
			panic(fmt.Sprintf("encoding texts: %v", err))
		}
		info.Tasks[0].Params = &runtime.RawExtension{Raw: raw}
	}
	return info
}

// BackupBlueprint makes what BackupConfiguration is, for whoever names it. Repositories are named after their targets.
func BackupBlueprint(namespace string) *corev1alpha1.BackupBlueprint {
	session := DailySession(namespace)
	session.Repositories[0].Name = "${repoName}"
	session.Repositories[0].Directory = "${namespace}/${targetName}"
	return &corev1alpha1.BackupBlueprint{
		ObjectMeta: Meta(namespace, Blueprint),
		Spec: corev1alpha1.BackupBlueprintSpec{
			UsagePolicy: everybody(),
			BackupConfigurationTemplate: &corev1alpha1.BackupConfigurationTemplate{
				Backends: Backends(namespace), Sessions: []corev1alpha1.Session{session},
				DeletionPolicy: corev1alpha1.BlueprintDeletionPolicyOnDelete,
			},
		},
	}
}

// BackupSession is a run that somebody asks for by hand.
func BackupSession(namespace, name, configuration string) *corev1alpha1.BackupSession {
	return &corev1alpha1.BackupSession{
		ObjectMeta: Meta(namespace, name),
		Spec: corev1alpha1.BackupSessionSpec{
			Invoker: &corev1.TypedLocalObjectReference{
				APIGroup: ptr.To(corev1alpha1.GroupName), Kind: corev1alpha1.KindBackupConfiguration, Name: configuration,
			},
			Session: Session,
		},
	}
}

// RestoreSession brings a Snapshot of Repository back into the Deployment.
func RestoreSession(namespace, name, snapshot string) *corev1alpha1.RestoreSession {
	return &corev1alpha1.RestoreSession{
		ObjectMeta: Meta(namespace, name),
		Spec: corev1alpha1.RestoreSessionSpec{
			Target: DeploymentRef(namespace),
			DataSource: &corev1alpha1.RestoreDataSource{
				Repository: Repository, Snapshot: snapshot,
				EncryptionSecret: &metav1alpha1.ObjectReference{Namespace: namespace, Name: EncryptionSecret},
			},
			Addon: Addon(WorkloadAddon, metav1alpha1.TaskLogicalBackupRestore, nil),
		},
	}
}

// BackupSessionName is that of the run of Session at a slot, as published.
func BackupSessionName(configuration string, slot time.Time) string {
	return fmt.Sprintf("%s-%s-%d", configuration, Session, slot.Unix())
}
