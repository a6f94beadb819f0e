// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hand

import (
	"context"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/controllers"
	"kubestash.com/kubestash/controllers/core/backupbatch"
	"kubestash.com/kubestash/controllers/core/backupblueprint"
	"kubestash.com/kubestash/controllers/core/backupconfiguration"
	"kubestash.com/kubestash/controllers/core/backupsession"
	"kubestash.com/kubestash/controllers/core/restoresession"
	"kubestash.com/kubestash/controllers/core/trigger"
	"kubestash.com/kubestash/controllers/storage/backupstorage"
	"kubestash.com/kubestash/controllers/storage/repository"
	"kubestash.com/kubestash/controllers/storage/snapshot"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// set is one of each controller.
type set struct {
	reconcile map[string]func(context.Context, client.ObjectKey) (ctrl.Result, error)
	// calls are made when an attempt of a hook has ended, which no object shows.
	calls []<-chan event.GenericEvent
}

// called reports whether a controller was called for since the last time.
func (s *set) called() bool {
	found := false
	for _, calls := range s.calls {
		for len(calls) > 0 {
			<-calls
			found = true
		}
	}
	return found
}

// The names of controllers, in the order in which a round calls for them: what others rest on comes first.
const (
	storages       = "BackupStorage"
	repositories   = "Repository"
	targets        = "target"
	configurations = "BackupConfiguration"
	batches        = "BackupBatch"
	slots          = "Job of a slot"
	backups        = "BackupSession"
	snapshots      = "Snapshot"
	restores       = "RestoreSession"
)

func newSet(d controllers.Deps, c client.Client, w *woken) *set {
	s := &set{reconcile: map[string]func(context.Context, client.ObjectKey) (ctrl.Result, error){}}
	add := func(name string, r interface {
		Reconcile(context.Context, ctrl.Request) (ctrl.Result, error)
	}) {
		s.reconcile[name] = func(ctx context.Context, key client.ObjectKey) (ctrl.Result, error) {
			return r.Reconcile(ctx, ctrl.Request{NamespacedName: key})
		}
	}
	add(storages, backupstorage.New(backupstorage.Deps{
		Client: d.Client, Live: d.Live, Backends: d.Backends, Recorder: d.Recorder(""), Clock: d.Clock,
		Output: d.Output, Mover: d.Mover, Version: d.Version,
	}))
	add(repositories, repository.New(repository.Deps{
		Client: d.Client, Live: d.Live, Backends: d.Backends, Recorder: d.Recorder(""), Clock: d.Clock, Mover: d.Mover,
	}))
	add(configurations, backupconfiguration.New(backupconfiguration.Deps{
		Client: d.Client, Live: d.Live, Recorder: d.Recorder(""), Clock: d.Clock,
	}))
	add(batches, backupbatch.New(backupconfiguration.Deps{
		Client: d.Client, Live: d.Live, Recorder: d.Recorder(""), Clock: d.Clock,
	}))
	add(slots, trigger.New(trigger.Deps{Client: d.Client, Live: d.Live, Recorder: d.Recorder(""), Clock: d.Clock}))
	ofBackups, ofRestores := d.Hooks(), d.Hooks()
	s.calls = append(s.calls, ofBackups.Runner.Calls(), ofRestores.Runner.Calls())
	runs := backupsession.New(backupsession.Deps{
		Client: d.Client, Live: d.Live, Backends: d.Backends, Logs: d.Logs, Recorder: d.Recorder(""), Clock: d.Clock,
		Mover: d.Mover, Limits: d.Limits, Hooks: ofBackups,
	})
	runs.OnWake(w.add)
	add(backups, runs)
	add(snapshots, snapshot.New(snapshot.Deps{
		Client: d.Client, Live: d.Live, Backends: d.Backends, Recorder: d.Recorder(""),
	}))
	add(restores, restoresession.New(restoresession.Deps{
		Client: d.Client, Live: d.Live, Backends: d.Backends, Logs: d.Logs, Recorder: d.Recorder(""), Clock: d.Clock,
		Mover: d.Mover, Hooks: ofRestores,
	}))
	blueprints := backupblueprint.New(backupblueprint.Deps{
		Client: d.Client, Live: d.Live, Recorder: d.Recorder(""), Clock: d.Clock, Targets: c,
	})
	for _, kind := range backupblueprint.Kinds {
		s.reconcile[targets+" "+kind.Kind] = func(ctx context.Context, key client.ObjectKey) (ctrl.Result, error) {
			return blueprints.Reconcile(ctx, backupblueprint.Request{Kind: kind.Kind, Namespace: key.Namespace, Name: key.Name})
		}
	}
	return s
}

// group is the objects of one kind, and who looks at them.
type group struct {
	controller string
	list       client.ObjectList
}

// groups are all that a round passes over.
func groups() []group {
	return []group{
		{storages, &storagev1alpha1.BackupStorageList{}},
		{repositories, &storagev1alpha1.RepositoryList{}},
		{targets + " " + metav1alpha1.KindDeployment, &appsv1.DeploymentList{}},
		{targets + " " + metav1alpha1.KindStatefulSet, &appsv1.StatefulSetList{}},
		{targets + " " + metav1alpha1.KindDaemonSet, &appsv1.DaemonSetList{}},
		{targets + " " + metav1alpha1.KindPersistentVolumeClaim, &corev1.PersistentVolumeClaimList{}},
		{configurations, &corev1alpha1.BackupConfigurationList{}},
		{batches, &corev1alpha1.BackupBatchList{}},
		{slots, &batchv1.JobList{}},
		{backups, &corev1alpha1.BackupSessionList{}},
		{snapshots, &storagev1alpha1.SnapshotList{}},
		{restores, &corev1alpha1.RestoreSessionList{}},
	}
}
