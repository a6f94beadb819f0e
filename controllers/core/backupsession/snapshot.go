// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/oklog/ulid/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/domain/snapshot"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store"
)

const (
	// uploadRetry is how soon writing a document is tried again.
	uploadRetry = 3 * time.Second
	// uploadTimeout bounds one try. Behind it the verdict of the run waits, and a storage that takes connections and answers nothing
	// takes a minute and a half to be given up by its client.
	uploadTimeout = 10 * time.Second
)

func (r *Reconciler) snapshot(ctx context.Context, namespace, name string) (*storagev1alpha1.Snapshot, bool, error) {
	return kube.Get[storagev1alpha1.Snapshot](ctx, r.Live, namespace, name)
}

// createSnapshot makes the object, then its status: how many components it will have must be there before any
// of them is.
func (r *Reconciler) createSnapshot(ctx context.Context, g *gathered, i session.CreateSnapshot) error {
	p, ok := g.places[i.Repository]
	if !ok {
		return fmt.Errorf("creating Snapshot %s: Repository %s is gone", i.Name, i.Repository)
	}
	s := &g.facts.Session
	object := &storagev1alpha1.Snapshot{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: s.Namespace, Name: i.Name, Labels: repository.SnapshotLabels(p.repository),
			// Its own controller would add it with another write.
			Finalizers: []string{metav1alpha1.FinalizerCleanup},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(p.repository,
				storagev1alpha1.GroupVersion.WithKind(storagev1alpha1.KindRepository))},
		},
		Spec: storagev1alpha1.SnapshotSpec{
			SnapshotID:    ulid.MustNew(ulid.Timestamp(r.Clock.Now()), ulid.DefaultEntropy()).String(),
			Type:          storagev1alpha1.SnapshotTypeFullBackup,
			Repository:    i.Repository,
			Session:       s.Spec.Session,
			BackupSession: s.Name,
			Version:       metav1alpha1.LayoutVersion,
			AppRef:        p.repository.Spec.AppRef,
			// The data outlives the object unless somebody says otherwise.
			DeletionPolicy: storagev1alpha1.DeletionPolicyDelete,
		},
	}
	if target := g.targetOf(i.Repository); target != "" {
		object.Annotations = map[string]string{metav1alpha1.AnnotationTarget: target}
	}
	ours := func(existing *storagev1alpha1.Snapshot) bool { return existing.Spec.BackupSession == s.Name }
	if _, err := kube.Create(ctx, r.Client, r.Live, object, ours); err != nil {
		return err
	}
	g.made[i.Name] = object.UID
	if object.Status.TotalComponents > 0 {
		return nil
	}
	return r.writeStatus(ctx, object, i.Status)
}

// recordSnapshot writes a status, after the document beside the data when that is ours to write.
func (r *Reconciler) recordSnapshot(ctx context.Context, g *gathered, i session.RecordSnapshot) error {
	object, found, err := r.snapshot(ctx, g.facts.Session.Namespace, i.Name)
	if err != nil || !found {
		return err // deleted meanwhile: the next pass sees it as a fact
	}
	if snapshot.Completed(object.Status) {
		return nil // by a pass that the cache has not seen yet
	}
	status := *i.Status.DeepCopy()
	if !i.Upload {
		if snapshot.Worked(status) {
			snapshot.Record(&status, nil, metav1.NewTime(r.Clock.Now()))
		}
		return r.writeStatus(ctx, object, status)
	}
	// The document says what the object will say.
	document := object.DeepCopy()
	document.Status = *status.DeepCopy()
	snapshot.Record(&document.Status, nil, metav1.NewTime(r.Clock.Now()))
	err = r.upload(ctx, g, document)
	if left := i.GiveUp.Sub(r.Clock.Now()); err != nil && left > 0 {
		// An error would be tried again after a growing time, which misses the moment to give up by far.
		log.FromContext(ctx).Error(err, "Writing a Snapshot's document failed", "snapshot", i.Name)
		return kube.Wait(min(left, uploadRetry), "writing the document of Snapshot "+i.Name)
	}
	snapshot.Record(&status, err, metav1.NewTime(r.Clock.Now()))
	return r.writeStatus(ctx, object, status)
}

// abandon completes the Snapshots of a session that is deleted before it has finished. Its Jobs and its Secret are
// its dependents and go by themselves. What its pre-hooks have stopped is started again first.
func (r *Reconciler) abandon(ctx context.Context, s *corev1alpha1.BackupSession) error {
	if session.Finished(s.Status) {
		return nil
	}
	for _, info := range s.Status.Snapshots {
		object, found, err := r.snapshot(ctx, s.Namespace, info.Name)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		if err := r.writeStatus(ctx, object, session.Abandon(object.Status, metav1.NewTime(r.Clock.Now()))); err != nil {
			return err
		}
	}
	return r.lastHooks(ctx, s)
}

func (r *Reconciler) upload(ctx context.Context, g *gathered, s *storagev1alpha1.Snapshot) error {
	ctx, cancel := context.WithTimeout(ctx, uploadTimeout)
	defer cancel()
	p, ok := g.places[s.Spec.Repository]
	if !ok {
		return fmt.Errorf("finding Repository %s: it is gone", s.Spec.Repository)
	}
	content, err := repository.SnapshotDocument(s)
	if err != nil {
		return err
	}
	objects, err := store.Open(ctx, r.Live, r.Backends, p.storage)
	if err != nil {
		return err
	}
	defer func() { _ = objects.Close() }()
	return objects.Put(ctx, repository.SnapshotKey(p.repository.Spec.Path, s.Name), content)
}

func (r *Reconciler) writeStatus(ctx context.Context, object *storagev1alpha1.Snapshot, status storagev1alpha1.SnapshotStatus) error {
	if reflect.DeepEqual(object.Status, status) {
		return nil
	}
	base := client.MergeFrom(object.DeepCopy())
	object.Status = status
	if err := r.Client.Status().Patch(ctx, object, base); err != nil {
		return fmt.Errorf("writing status of Snapshot %s: %w", object.Name, client.IgnoreNotFound(err))
	}
	return nil
}

// dropSnapshots deletes what retention dropped. The data was forgotten by the pod, so only the document is
// left to whoever finalizes the object.
func (r *Reconciler) dropSnapshots(ctx context.Context, namespace string, names []string) error {
	for _, name := range names {
		object, found, err := r.snapshot(ctx, namespace, name)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		base := client.MergeFrom(object.DeepCopy())
		metav1.SetMetaDataAnnotation(&object.ObjectMeta, metav1alpha1.AnnotationForgotten, "true")
		object.Spec.DeletionPolicy = storagev1alpha1.DeletionPolicyWipeOut
		if err := r.Client.Patch(ctx, object, base); err != nil {
			return fmt.Errorf("marking Snapshot %s: %w", name, client.IgnoreNotFound(err))
		}
		if err := kube.Delete(ctx, r.Client, object); err != nil {
			return err
		}
	}
	return nil
}
