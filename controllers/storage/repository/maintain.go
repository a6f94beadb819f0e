// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/maintenance"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/source"
	"kubestash.com/kubestash/internal/kube/store"
	"kubestash.com/kubestash/internal/task"
)

// maintain prunes and checks when it is time to. It changes repo's status in memory, and returns a wait until it is to
// be looked at again. The blocked text tells why backups can't be kept here.
func (r *Reconciler) maintain(
	ctx context.Context, repo *storagev1alpha1.Repository, storage *storagev1alpha1.BackupStorage, snapshots []storagev1alpha1.Snapshot, blocked string,
) error {
	facts, err := r.gatherMaintenance(ctx, repo, storage, blocked)
	if err != nil {
		return err
	}
	verdict := maintenance.Decide(facts, r.Clock.Now())
	if wantsStart(verdict) {
		// Asked of the API server, because a cache that is behind would start this on top of a backup.
		if facts.Busy, err = r.workers(ctx, r.Live, repo, snapshots); err != nil {
			return err
		}
		verdict = maintenance.Decide(facts, r.Clock.Now())
	}
	for _, intent := range verdict.Intents {
		switch i := intent.(type) {
		case maintenance.Start:
			err = r.startMaintenance(ctx, repo, storage, snapshots, facts, &verdict, i)
		case maintenance.DropSecret:
			err = kube.DropOwned[corev1.Secret](ctx, r.Client, r.Live, repo, verdict.Status.Job)
		default:
			err = fmt.Errorf("carrying out an intent of type %T: unknown", intent)
		}
		if err != nil {
			return err
		}
	}
	r.tell(ctx, repo, verdict.Conditions)
	repo.Status.Conditions, repo.Status.Maintenance = verdict.Conditions, &verdict.Status
	repo.Status.Integrity = repository.Integrity(snapshots, repo.Status)
	kube.Announce(ctx, func() { r.tellMaintenance(repo, verdict.Events) })
	if verdict.WakeUp > 0 {
		return kube.Wait(verdict.WakeUp, "the next maintenance")
	}
	return nil
}

func wantsStart(v maintenance.Verdict) bool {
	return slices.ContainsFunc(v.Intents, func(i maintenance.Intent) bool {
		_, ok := i.(maintenance.Start)
		return ok
	})
}

func (r *Reconciler) gatherMaintenance(
	ctx context.Context, repo *storagev1alpha1.Repository, storage *storagev1alpha1.BackupStorage, blocked string,
) (maintenance.Facts, error) {
	facts := maintenance.Facts{
		Key: client.ObjectKeyFromObject(repo).String(), Status: repo.Status.Maintenance, Conditions: repo.Status.Conditions,
		Generation: repo.Generation, Request: repo.Annotations[metav1alpha1.AnnotationMaintain], Paths: repo.Status.ComponentPaths,
		Integrity: repo.Status.Integrity, Obstacle: blocked,
	}
	var preset *storagev1alpha1.StorageMaintenanceSpec
	if storage != nil {
		preset = storage.Spec.Maintenance
		if r.isForeignClaim(repo, storage) && blocked == "" {
			facts.Obstacle = fmt.Sprintf("BackupStorage %s/%s is a PersistentVolumeClaim, which pods in namespace %s can't mount.",
				storage.Namespace, storage.Name, repo.Namespace)
		}
	}
	var last *metav1.Time
	if facts.Status != nil {
		last = facts.Status.StartTime
	}
	facts.Next = desired.MaintenanceName(repo, last)
	facts.Settings = maintenance.Effective(repo.Spec.Maintenance, preset)
	job, err := store.MaintenanceJob(ctx, r.Client, repo)
	if err != nil {
		return facts, err
	}
	var name string
	switch {
	case job != nil:
		name = job.Name
		facts.Job = maintenance.Job{Exists: true, Name: name, UID: string(job.UID), Started: job.CreationTimestamp.Time}
		facts.Job.Prune, facts.Job.Check, facts.Job.Subset = desired.MaintenanceWork(job)
		facts.Job.Request = job.Annotations[metav1alpha1.AnnotationMaintain]
	case facts.Status != nil && facts.Status.Phase == storagev1alpha1.MaintenancePhaseRunning:
		name = facts.Status.Job
	default:
		return facts, nil
	}
	work, err := kube.ReadWork(ctx, r.Client, r.Live, repo.Namespace, name)
	if err != nil {
		return facts, err
	}
	if work.Exists && job == nil {
		// The cache is behind: the Job is there, and nothing is known of it yet.
		facts.Job = maintenance.Job{Exists: true, Name: name, UID: facts.Status.JobUID}
		return facts, nil
	}
	readWork(&facts.Job, work)
	return facts, nil
}

func (r *Reconciler) isForeignClaim(repo *storagev1alpha1.Repository, storage *storagev1alpha1.BackupStorage) bool {
	local := storage.Spec.Storage.Local
	return local != nil && local.PersistentVolumeClaim != nil && storage.Namespace != repo.Namespace
}

// readWork takes in what the Job's pod has told.
func readWork(job *maintenance.Job, work kube.Work) {
	job.Ended, job.Failure, job.Waiting, job.Since = work.Ended, work.Failure, work.Waiting, work.Since
	if !work.Ended || work.Message == "" {
		return
	}
	report, err := task.DecodeReport(work.Message)
	switch {
	case err != nil:
		job.Failure = "its report can't be read: " + err.Error()
	case len(report.Repositories) == 0:
		job.Failure = fmt.Sprintf("%s: %s", report.Class, report.Message)
	default:
		for _, entry := range report.Repositories {
			result := maintenance.Result{
				Path: entry.Name, Integrity: entry.Integrity, Class: entry.Class, Message: entry.Message, LocksRemoved: entry.LocksRemoved,
			}
			if entry.Pruned != nil {
				result.Pruned, result.FreedBytes = true, entry.Pruned.FreedBytes
			}
			job.Results = append(job.Results, result)
		}
	}
}

// startMaintenance makes the Job, unless the storage has enough of them. One start is made at a time, and the API server
// is asked: so a limit is a limit.
func (r *Reconciler) startMaintenance(
	ctx context.Context, repo *storagev1alpha1.Repository, storage *storagev1alpha1.BackupStorage, snapshots []storagev1alpha1.Snapshot,
	facts maintenance.Facts, verdict *maintenance.Verdict, start maintenance.Start,
) error {
	if storage == nil {
		return nil
	}
	r.starts.Lock()
	defer r.starts.Unlock()
	now := r.Clock.Now()
	wait, err := r.turn(ctx, repo, facts.Settings.MaxConcurrent, verdict.Status.StartTime, now)
	if err != nil {
		return err
	}
	if wait != "" {
		verdict.Postponed(wait)
		return nil
	}
	keys, problem, err := source.Open(ctx, r.Live, r.Backends, repo, storage, nil, "")
	if err != nil {
		return err
	}
	if problem != "" {
		verdict.Postponed("Maintenance is due and can't start: " + problem)
		return nil
	}
	in := desired.Maintenance{
		Repository: desired.RunRepository{Repository: repo, Storage: storage, Credentials: keys.Credentials, Password: keys.Password},
		Name:       desired.MaintenanceName(repo, verdict.Status.StartTime), Request: facts.Request,
		Paths: facts.Paths, Mover: r.Mover, Timeout: facts.Settings.Timeout, Now: now,
		Resources: facts.Settings.Resources, ServiceAccountName: facts.Settings.ServiceAccountName,
		Work: task.Maintain{
			Check: start.Check, ReadDataSubset: start.Subset,
			Prune: start.Prune, MaxUnused: facts.Settings.MaxUnused, MaxRepackSize: facts.Settings.MaxRepackSize,
		},
	}
	if in.NamespaceLabels, err = kube.NamespaceLabels(ctx, r.Live, repo.Namespace); err != nil {
		return err
	}
	if in.EndedJobs, err = r.endedJobs(ctx, repo, snapshots); err != nil {
		return err
	}
	secret, job, err := in.Build()
	if err != nil {
		return err
	}
	err = kube.CreateRun(ctx, r.Client, r.Live, repo, secret, job)
	if kube.IsRefused(err) {
		verdict.Postponed("Maintenance is due and can't start: " + err.Error())
		return kube.DropOwned[corev1.Secret](ctx, r.Client, r.Live, repo, secret.Name)
	}
	if err != nil {
		return err
	}
	verdict.Started(facts, job.Name, string(job.UID), start, now)
	return nil
}

// turn tells what a start has to wait for; empty when it may be made. The last is when the maintenance before started.
func (r *Reconciler) turn(ctx context.Context, repo *storagev1alpha1.Repository, limit int, last *metav1.Time, now time.Time) (string, error) {
	others, own, err := r.atWork(ctx, repo)
	switch {
	case err != nil:
		return "", err
	case last != nil && last.Unix() == now.Unix():
		// Jobs are named after the start before them: the next one would be taken for this one, and its Report for that of a
		// check that was never made.
		return "Maintenance is due and waits a moment: the last one was started in this very second.", nil
	case own:
		return "Its maintenance Job is there already, and is seen in a moment.", nil
	case others >= limit:
		return fmt.Sprintf("Maintenance is due and waits for its turn: %d others of BackupStorage %s are at work.", others, store.Key(repo)), nil
	default:
		return "", nil
	}
}

// tellMaintenance turns the verdict's events into Kubernetes'.
func (r *Reconciler) tellMaintenance(repo *storagev1alpha1.Repository, events []maintenance.Event) {
	for _, e := range events {
		if e.Warning {
			r.Recorder.Warning(repo, e.Reason, e.Message)
			continue
		}
		r.Recorder.Normal(repo, e.Reason, e.Message)
	}
}
