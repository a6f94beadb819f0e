// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupstorage

import (
	"context"
	"errors"
	"path"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend/inventory"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/storage"
	"kubestash.com/kubestash/internal/kube/store"
)

const (
	// readBudget is how long one pass reads a backend back; then the status tells how far it is, and the next one goes on.
	readBudget = 10 * time.Second
	// takeLimit is how many objects one pass makes at most, for the same reason.
	takeLimit = 200
)

// errPause ends the reading of one pass.
var errPause = errors.New("the next pass goes on")

// readBack makes the Repositories and Snapshots that are found in the backend, once the storage is ready. It returns
// when to look again; zero means never.
func (r *Reconciler) readBack(
	ctx context.Context, s *storagev1alpha1.BackupStorage, facts storage.Facts, status *storagev1alpha1.BackupStorageStatus,
) (time.Duration, error) {
	if status.Phase != storagev1alpha1.BackupStoragePhaseReady {
		return 0, nil
	}
	b, err := r.Backends(s.Spec.Storage.Provider)
	if err != nil {
		return 0, err
	}
	possible, err := r.isPossible(ctx, s, status.Repositories)
	if err != nil {
		return 0, err
	}
	_, broken := storage.Waiting(status.Repositories)
	round := storage.NextRound(storage.RoundFacts{
		Now: facts.Now, Location: b.Location(s.Spec.Storage), Request: s.Annotations[metav1alpha1.AnnotationSync],
		Status: *status, Possible: possible, Broken: len(broken) > 0,
	})
	if !round.Due {
		return storage.WakeForSync(*status, false), nil
	}
	t, err := r.newTaker(ctx, s, round, status.Repositories)
	if err != nil {
		return 0, err
	}
	if b.IsVolume() {
		err = r.readVolume(ctx, s, t)
	} else {
		err = r.readNetwork(ctx, s, t)
	}
	wait, err := t.conclude(err)
	storage.Read(status, round, t.found, s.Generation, metav1.NewTime(r.Clock.Now()))
	if wait > 0 {
		return wait, err
	}
	return storage.WakeForSync(*status, t.found.Failure != ""), err
}

// isPossible looks whether an entry that waits for something in this cluster need not wait any more.
func (r *Reconciler) isPossible(ctx context.Context, s *storagev1alpha1.BackupStorage, entries []storagev1alpha1.RepositoryInfo) (bool, error) {
	waiting, _ := storage.Waiting(entries)
	for _, entry := range waiting {
		obstacle, err := r.mayHave(ctx, s, entry.Namespace)
		if err != nil || obstacle == "" {
			return err == nil, err
		}
	}
	return false, nil
}

func (r *Reconciler) readNetwork(ctx context.Context, s *storagev1alpha1.BackupStorage, t *taker) error {
	ctx, cancel := context.WithTimeout(ctx, readBudget)
	defer cancel()
	objects, err := store.Open(ctx, r.Live, r.Backends, s)
	if err != nil {
		return err
	}
	defer func() { _ = objects.Close() }()
	err = inventory.Read(ctx, objects, t.round.Sync.After, inventory.Visitor{
		Skip: func(key string) bool { return t.skip(ctx, key) },
		Folder: func(key string) error {
			t.found.After = key
			return t.pause()
		},
		Document: func(d inventory.Document) error { return t.take(ctx, d.Key, d.Content, d.Problem) },
	})
	if errors.Is(err, context.DeadlineExceeded) && t.found.After != t.round.Sync.After {
		return errPause
	}
	return err
}

// conclude tells the end of a pass from a failure, and a failure of the backend, which is for a user to read, from one
// of the API server.
func (t *taker) conclude(err error) (time.Duration, error) {
	var secret *store.SecretError
	var wait *waitError
	switch {
	case err == nil:
		t.found.Done = true
		return 0, nil
	case errors.Is(err, errPause):
		return 0, nil
	case errors.As(err, &wait):
		return wait.after, nil
	case errors.As(err, &secret):
		t.found.Failure = secret.Error()
		return 0, nil
	case isKnown(err):
		t.found.Failure = storage.Explain(failure(err), "")
		return 0, nil
	default:
		return 0, err
	}
}

// waitError says that a pod is not ready yet.
type waitError struct{ after time.Duration }

func (e *waitError) Error() string { return "a pod is at work" }

// directoryOf is the Repository's directory that a key is about, also for a folder in which restic has its data.
func directoryOf(key string) string {
	if directory, _, ok := repository.ParseKey(key); ok {
		return directory
	}
	folder := strings.Trim(path.Dir(key), ".")
	if directory, _, found := strings.Cut("/"+folder+"/", "/"+repository.ComponentPath("", "")+"/"); found {
		return strings.Trim(directory, "/")
	}
	return folder
}
