// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupstorage

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/storage"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store"
	"kubestash.com/kubestash/internal/validate"
)

const (
	// lookTimeout bounds one look, so that a server that doesn't answer is told of.
	lookTimeout = 30 * time.Second
	// metadataLimit bounds what is read of metadata.yaml. An entry has some hundred bytes.
	metadataLimit = 16 << 20
	// startPatience is how long a pod may take to start before that is told.
	startPatience = 20 * time.Second
)

// gather reads what the cluster knows; nothing of it leaves the cluster.
func (r *Reconciler) gather(ctx context.Context, s *storagev1alpha1.BackupStorage) (storage.Facts, error) {
	facts := storage.Facts{
		Now:        metav1.NewTime(r.Clock.Now()),
		Created:    s.CreationTimestamp,
		Generation: s.Generation,
		Version:    r.Version,
		Status:     *s.Status.DeepCopy(),
		Problems:   validate.Messages(validate.BackupStorage(s, r.Backends)),
		Last:       r.looks.recall(s.UID),
	}
	if err := r.rivals(ctx, s, &facts); err != nil {
		return facts, err
	}
	repositories, err := store.Repositories(ctx, r.Client, client.ObjectKeyFromObject(s))
	if err != nil {
		return facts, err
	}
	facts.Repositories = infos(repositories, s.Status)
	facts.Pending = storage.Pending(s.Status, facts.Repositories)
	if len(facts.Problems) > 0 {
		return facts, nil
	}
	b, err := r.Backends(s.Spec.Storage.Provider)
	if err != nil {
		return facts, err
	}
	if facts.Volume = b.IsVolume(); facts.Volume && !storage.IsInitialised(facts) {
		facts.Job, err = r.initJob(ctx, s)
	}
	return facts, err
}

// infos keep what a sync has found out of the Repositories.
func infos(repositories []storagev1alpha1.Repository, known storagev1alpha1.BackupStorageStatus) []storagev1alpha1.RepositoryInfo {
	type entry struct{ namespace, name, path string }
	before := make(map[entry]*storagev1alpha1.RepositoryInfo, len(known.Repositories))
	for i := range known.Repositories {
		k := &known.Repositories[i]
		before[entry{k.Namespace, k.Name, k.Path}] = k
	}
	var out []storagev1alpha1.RepositoryInfo
	for i := range repositories {
		repo := &repositories[i]
		info := storagev1alpha1.RepositoryInfo{Name: repo.Name, Namespace: repo.Namespace, Path: repo.Spec.Path, Size: repo.Status.Size}
		if repo.Status.SizeBytes != nil {
			info.SizeBytes = ptr.To(*repo.Status.SizeBytes)
		}
		if k := before[entry{info.Namespace, info.Name, info.Path}]; k != nil {
			info.Synced, info.Error = k.Synced, k.Error
		}
		out = append(out, info)
	}
	return out
}

func (r *Reconciler) initJob(ctx context.Context, s *storagev1alpha1.BackupStorage) (storage.Job, error) {
	name := naming.InitJob(s.Name)
	outcome, err := store.ReadOutcome(ctx, r.Client, r.Live, s.Namespace, name)
	if err != nil || !outcome.Exists {
		return storage.Job{}, err
	}
	job, found, err := kube.Get[batchv1.Job](ctx, r.Live, s.Namespace, name)
	if err != nil || !found || !metav1.IsControlledBy(job, s) {
		// A Job of somebody else is met when ours is made.
		return storage.Job{}, err
	}
	out := storage.Job{Exists: true, Ended: outcome.Ended, Failure: outcome.Failure}
	if out.Generation, err = strconv.ParseInt(job.Annotations[desired.AnnotationGeneration], 10, 64); err != nil {
		out.Generation = 0
	}
	if outcome.Waiting != "" && r.Clock.Since(outcome.Since) > startPatience {
		out.Waiting = outcome.Waiting
	}
	return out, nil
}

// look opens a storage on the network and reads its document. What goes wrong there is a fact.
func (r *Reconciler) look(ctx context.Context, s *storagev1alpha1.BackupStorage, facts *storage.Facts) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	found := &storage.Look{}
	var err error
	if found.SecretName, err = store.SecretName(r.Backends, s); err != nil {
		return err
	}
	objects, err := store.Open(ctx, r.Live, r.Backends, s)
	var secret *store.SecretError
	switch {
	case errors.As(err, &secret):
		found.SecretFound, found.MissingKeys = secret.Found, secret.Missing
		facts.Look = found
		return nil
	case err != nil && !isKnown(err):
		return err
	}
	found.SecretFound = true
	if err == nil {
		defer func() { _ = objects.Close() }()
		err = read(ctx, objects, found, facts.Repositories)
	}
	found.Failure = failure(err)
	facts.Look = found
	return nil
}

func read(ctx context.Context, objects backend.Objects, found *storage.Look, known []storagev1alpha1.RepositoryInfo) error {
	var err error
	if found.Metadata, err = readMetadata(ctx, objects); err != nil || found.Metadata == nil {
		return err
	}
	for _, entry := range storage.Unknown(found.Metadata, known) {
		_, err := objects.Get(ctx, repository.RepositoryKey(entry.Path), metadataLimit)
		switch {
		case backend.IsNotFound(err):
			// Without its document an entry is worth nothing, unless there is data that somebody may miss.
			holds, err := holdsData(ctx, objects, entry.Path)
			if err != nil {
				return err
			}
			if !holds {
				found.Lost = append(found.Lost, entry)
			}
		case err != nil:
			return err
		}
	}
	return nil
}

// errFound ends a listing of which one key is enough.
var errFound = errors.New("found")

func holdsData(ctx context.Context, objects backend.Objects, path string) (bool, error) {
	for _, prefix := range repository.OwnedPrefixes(path) {
		err := objects.List(ctx, prefix, func(string) error { return errFound })
		if errors.Is(err, errFound) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

// readMetadata gives nil when there is no document.
func readMetadata(ctx context.Context, objects backend.Objects) (*storage.Metadata, error) {
	content, err := objects.Get(ctx, repository.MetadataKey(), metadataLimit)
	if backend.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	metadata, err := storage.ParseMetadata(content)
	if err != nil {
		return nil, &engine.Error{
			Class:   engine.ClassUnknown,
			Message: fmt.Sprintf("The file metadata.yaml in the backend is somebody else's (%v). Use another prefix, or move it away.", err),
		}
	}
	return metadata, nil
}

// isKnown tells what the backend says from what the API server says.
func isKnown(err error) bool {
	var known *engine.Error
	return errors.As(err, &known)
}

func failure(err error) *engine.Error {
	var known *engine.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	default:
		return &engine.Error{Class: engine.ClassUnknown, Message: err.Error()}
	}
}
