// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupstorage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store"
	"kubestash.com/kubestash/internal/task"
)

const (
	// readInterval is how often a Job is looked at that reads a volume.
	readInterval = 3 * time.Second
	// logLimit bounds what is read of a pod's log: a pod prints less than half of it.
	logLimit = 8 << 20
)

// readVolume takes the documents on a volume from the log of a pod that has printed them, a bounded number of them: at
// first of the one that has initialised the storage, and if there are more, of others that go on after the last one.
func (r *Reconciler) readVolume(ctx context.Context, s *storagev1alpha1.BackupStorage, t *taker) error {
	if isRead, err := r.readInit(ctx, s, t); isRead || err != nil {
		return err
	}
	name := naming.SyncJob(s.Name)
	job, found, err := kube.Get[batchv1.Job](ctx, r.Live, s.Namespace, name)
	switch {
	case err != nil:
		return err
	case found && !metav1.IsControlledBy(job, s):
		return unreadable((&kube.ForeignError{Kind: "Job", Namespace: s.Namespace, Name: name}).Error())
	case !found:
		// What a pod of an earlier Job of this name says must not be taken for the next one's word.
		pods, err := r.pods(ctx, s.Namespace, name)
		switch {
		case err != nil:
			return err
		case len(pods) > 0:
			return &waitError{readInterval}
		}
		return r.startReading(ctx, s, t, name)
	case !job.DeletionTimestamp.IsZero():
		return &waitError{readInterval}
	case job.Annotations[desired.AnnotationRound] != roundOf(t):
		// It read another place, or for an earlier round.
		return r.endReading(ctx, job, &waitError{readInterval})
	}
	work, err := kube.ReadWork(ctx, r.Client, r.Live, s.Namespace, name)
	switch {
	case err != nil:
		return err
	case work.Ended:
		return r.takeRead(ctx, t, job, work)
	case work.Waiting != "" && r.Clock.Since(work.Since) > startPatience:
		return unreadable("the pod that reads it can't start: " + work.Waiting)
	}
	// Making its Secret again mends a pass that was cut off before.
	return r.startReading(ctx, s, t, name)
}

// takeRead takes what the pod of a Job that has ended has read, and removes the Job.
func (r *Reconciler) takeRead(ctx context.Context, t *taker, job *batchv1.Job, work kube.Work) error {
	report, err := task.DecodeReport(work.Message)
	switch {
	case err != nil:
		return r.endReading(ctx, job, unreadable("the pod that read it has left no report: "+work.Failure))
	case !report.Succeeded || report.Inventory == nil:
		return r.endReading(ctx, job, &engine.Error{Class: cmp.Or(report.Class, engine.ClassUnknown), Message: report.Message})
	}
	err = r.takePrinted(ctx, t, job, *report.Inventory)
	switch {
	case errors.Is(err, errLost):
		return r.endReading(ctx, job, unreadable(err.Error()))
	case err != nil:
		return err
	case report.Inventory.After != "":
		t.found.After = report.Inventory.After
		return r.endReading(ctx, job, &waitError{readInterval})
	default:
		return r.endReading(ctx, job, nil)
	}
}

// readInit takes what the init Job's pod has printed. It is false when that is of no use: the Job is gone, or was for
// another spec, or all that it printed was taken before.
func (r *Reconciler) readInit(ctx context.Context, s *storagev1alpha1.BackupStorage, t *taker) (bool, error) {
	if t.round.Retry || t.round.Sync.Request != "" {
		return false, nil
	}
	name := naming.InitJob(s.Name)
	job, found, err := kube.Get[batchv1.Job](ctx, r.Live, s.Namespace, name)
	if err != nil || !found || !metav1.IsControlledBy(job, s) || !job.DeletionTimestamp.IsZero() ||
		job.Annotations[desired.AnnotationGeneration] != strconv.FormatInt(s.Generation, 10) {
		return false, err
	}
	work, err := kube.ReadWork(ctx, r.Client, r.Live, s.Namespace, name)
	if err != nil {
		return false, err
	}
	printed := inventoryOf(work.Message)
	if printed == nil || t.round.Sync.After != "" && t.round.Sync.After == printed.After {
		return false, nil
	}
	err = r.takePrinted(ctx, t, job, *printed)
	switch {
	case errors.Is(err, errLost):
		return false, nil
	case err != nil:
		return true, err
	case printed.After != "":
		t.found.After = printed.After
		return true, errPause
	default:
		return true, nil
	}
}

// inventoryOf is what a pod says that it has printed; nil when it says nothing of use.
func inventoryOf(message string) *task.Inventory {
	report, err := task.DecodeReport(message)
	if err != nil || !report.Succeeded {
		return nil
	}
	return report.Inventory
}

// errLost says that a log doesn't hold what its pod has printed.
var errLost = errors.New("the log of the pod that read it is not whole")

// takePrinted takes the documents from the log of the pod. Those that earlier passes have taken are passed over.
func (r *Reconciler) takePrinted(ctx context.Context, t *taker, job *batchv1.Job, printed task.Inventory) error {
	if printed.Documents == 0 {
		return nil
	}
	pod, err := r.reader(ctx, job)
	if err != nil {
		return err
	}
	if pod == "" {
		return errLost
	}
	log, err := r.Output.Open(ctx, job.Namespace, pod, metav1alpha1.ContainerKubeStash, logLimit)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	isTaken := t.round.Sync.After != job.Annotations[desired.AnnotationAfter]
	count := 0
	err = task.ReadDocuments(log, func(d task.Document) error {
		count++
		if isTaken {
			isTaken = d.Key != t.round.Sync.After
			return nil
		}
		return t.take(ctx, d.Key, d.Content, d.Problem)
	})
	if err == nil && count != printed.Documents {
		return errLost
	}
	return err
}

// reader is the pod that has done the work of a Job; empty when it is gone.
func (r *Reconciler) reader(ctx context.Context, job *batchv1.Job) (string, error) {
	pods, err := r.pods(ctx, job.Namespace, job.Name)
	if err != nil {
		return "", err
	}
	for i := range pods {
		for _, c := range pods[i].Status.ContainerStatuses {
			if c.Name == metav1alpha1.ContainerKubeStash && c.State.Terminated != nil && c.State.Terminated.ExitCode == 0 {
				return pods[i].Name, nil
			}
		}
	}
	return "", nil
}

func (r *Reconciler) pods(ctx context.Context, namespace, job string) ([]corev1.Pod, error) {
	var pods corev1.PodList
	if err := r.Live.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels{batchv1.JobNameLabel: job}); err != nil {
		return nil, fmt.Errorf("listing pods of Job %s/%s: %w", namespace, job, err)
	}
	return pods.Items, nil
}

func (r *Reconciler) startReading(ctx context.Context, s *storagev1alpha1.BackupStorage, t *taker, name string) error {
	in, err := r.job(ctx, s, name)
	if err != nil {
		return err
	}
	job := desired.ReadStorageJob(in, roundOf(t), t.round.Sync.After)
	err = store.EnsureJob(ctx, r.Client, r.Live, job, func(job *batchv1.Job) (*corev1.Secret, error) {
		return desired.TaskSecret(job, desired.ReadStorageTask(in, job.Annotations[desired.AnnotationAfter]))
	})
	if err != nil {
		return err
	}
	return &waitError{readInterval}
}

// endReading removes a Job that has served, and returns the outcome.
func (r *Reconciler) endReading(ctx context.Context, job *batchv1.Job, outcome error) error {
	if err := kube.Delete(ctx, r.Client, job); err != nil {
		return err
	}
	return outcome
}

// roundOf tells the Jobs of one round from those of another.
func roundOf(t *taker) string {
	return fmt.Sprintf("%d-%s", t.round.Sync.StartTime.Unix(), t.round.Sync.Request)
}

func unreadable(message string) error {
	return &engine.Error{Class: engine.ClassUnknown, Message: message}
}
