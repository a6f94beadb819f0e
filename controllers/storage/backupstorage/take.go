// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupstorage

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/storage"
	"kubestash.com/kubestash/internal/domain/usage"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store"
)

// taker makes objects of documents, in one pass.
type taker struct {
	*Reconciler
	storage *storagev1alpha1.BackupStorage
	round   storage.Round
	// repositories are those on the storage, by their directory.
	repositories map[string]*storagev1alpha1.Repository
	// wanted are the directories of interest in a round that tries again; nil means all.
	wanted map[string]bool
	found  storage.Findings
	until  time.Time
	made   int
}

func (r *Reconciler) newTaker(
	ctx context.Context, s *storagev1alpha1.BackupStorage, round storage.Round, entries []storagev1alpha1.RepositoryInfo,
) (*taker, error) {
	t := &taker{
		Reconciler: r, storage: s, round: round, repositories: map[string]*storagev1alpha1.Repository{},
		found: storage.Findings{After: round.Sync.After}, until: r.Clock.Now().Add(readBudget),
	}
	known, err := store.Repositories(ctx, r.Client, client.ObjectKeyFromObject(s))
	if err != nil {
		return nil, err
	}
	for i := range known {
		t.repositories[repository.CleanPath(known[i].Spec.Path)] = &known[i]
	}
	if round.Retry {
		t.wanted = map[string]bool{}
		waiting, broken := storage.Waiting(entries)
		for _, entry := range append(waiting, broken...) {
			t.wanted[repository.CleanPath(entry.Path)] = true
		}
	}
	return t, nil
}

// pause is errPause once the pass has done its share.
func (t *taker) pause() error {
	if t.made >= takeLimit || t.Clock.Now().After(t.until) {
		return errPause
	}
	return nil
}

// skip spares reading what is in the cluster already, and what belongs to a Repository that isn't.
func (t *taker) skip(ctx context.Context, key string) bool {
	directory, name, ok := repository.ParseKey(key)
	if !ok || t.wanted != nil && !t.wanted[directory] {
		return true
	}
	if name == "" {
		return false
	}
	repo := t.repositories[directory]
	if repo == nil {
		return true
	}
	existing, found, err := kube.Get[storagev1alpha1.Snapshot](ctx, t.Client, repo.Namespace, name)
	return err == nil && found && existing.Status.Phase != ""
}

// take makes what a document says. What is wrong with it is noted; an error is the API server's.
func (t *taker) take(ctx context.Context, key string, content []byte, problem string) error {
	directory := directoryOf(key)
	if t.skip(ctx, key) && problem == "" || t.wanted != nil && !t.wanted[directory] {
		t.found.After = key
		return nil
	}
	_, name, _ := repository.ParseKey(key)
	var err error
	switch {
	case problem != "":
		t.bad(directory, name, problem)
	case name == "":
		err = t.takeRepository(ctx, directory, content)
	default:
		err = t.takeSnapshot(ctx, t.repositories[directory], name, content)
	}
	if err != nil {
		return err
	}
	t.found.After = key
	return t.pause()
}

// bad notes what is wrong with a Repository, or with one of its Snapshots.
func (t *taker) bad(directory, snapshot, problem string) {
	entry := storagev1alpha1.RepositoryInfo{Path: directory}
	if repo := t.repositories[directory]; repo != nil {
		entry = entryOf(repo)
	}
	if snapshot != "" {
		problem = fmt.Sprintf("not every Snapshot could be made; %s.yaml: %s.", snapshot, problem)
	}
	entry.Error = &problem
	t.found.Bad = append(t.found.Bad, entry)
}

func entryOf(repo *storagev1alpha1.Repository) storagev1alpha1.RepositoryInfo {
	return storagev1alpha1.RepositoryInfo{Name: repo.Name, Namespace: repo.Namespace, Path: repo.Spec.Path}
}

// recover makes a Repository of its document; nil when that can't be used, which is noted.
func (t *taker) recover(directory string, content []byte) *storagev1alpha1.Repository {
	wanted, err := repository.Recover(content, directory, metav1alpha1.ObjectReference{Namespace: t.storage.Namespace, Name: t.storage.Name})
	if err != nil {
		t.bad(directory, "", metav1alpha1.FileRepository+" can't be used: "+err.Error()+".")
		return nil
	}
	return wanted
}

func (t *taker) takeRepository(ctx context.Context, directory string, content []byte) error {
	wanted := t.recover(directory, content)
	if wanted == nil {
		return nil
	}
	if there := t.repositories[directory]; there != nil {
		if there.Name != wanted.Name || there.Namespace != wanted.Namespace {
			t.bad(directory, "", fmt.Sprintf("%s is that of Repository %s/%s, which is another one.", metav1alpha1.FileRepository, wanted.Namespace, wanted.Name))
			return nil
		}
		t.found.Good = append(t.found.Good, entryOf(there))
		return nil
	}
	refuse := func(problem string) {
		entry := entryOf(wanted)
		entry.Error = &problem
		t.found.Bad = append(t.found.Bad, entry)
	}
	obstacle, err := t.mayHave(ctx, t.storage, wanted.Namespace)
	if err != nil || obstacle != "" {
		refuse(obstacle)
		return err
	}
	existing, found, err := kube.Get[storagev1alpha1.Repository](ctx, t.Live, wanted.Namespace, wanted.Name)
	switch {
	case err != nil:
		return err
	case found && store.Key(existing) == client.ObjectKeyFromObject(t.storage) && repository.CleanPath(existing.Spec.Path) == directory:
		// The cache was behind.
	case found:
		refuse(fmt.Sprintf("a Repository of this name exists here, and is another one: it is in directory %q of BackupStorage %s. "+
			"It was left alone.", existing.Spec.Path, store.Key(existing)))
		return nil
	default:
		if existing, err = t.makeRepository(ctx, wanted); isRefused(err) {
			refuse("the API server refuses it: " + err.Error() + ".")
			return nil
		} else if err != nil {
			return err
		}
		t.made++
		t.found.Repositories++
	}
	t.repositories[directory] = existing
	t.found.Good = append(t.found.Good, entryOf(existing))
	return nil
}

// makeRepository applies, as the controller of BackupConfigurations does: one that is made later for the same
// Repository takes its fields over.
func (t *taker) makeRepository(ctx context.Context, wanted *storagev1alpha1.Repository) (*storagev1alpha1.Repository, error) {
	if err := kube.Apply(ctx, t.Client, wanted, false); err != nil {
		return nil, err
	}
	made, found, err := kube.Get[storagev1alpha1.Repository](ctx, t.Live, wanted.Namespace, wanted.Name)
	if err == nil && !found {
		err = fmt.Errorf("reading Repository %s/%s: it is gone again", wanted.Namespace, wanted.Name)
	}
	return made, err
}

// takeSnapshot makes a Snapshot and writes its status, once: from then on its status is that of the backup that it is.
func (t *taker) takeSnapshot(ctx context.Context, repo *storagev1alpha1.Repository, name string, content []byte) error {
	wanted, err := repository.RecoverSnapshot(content, name, repo, metav1.NewTime(t.Clock.Now()))
	if err != nil {
		t.bad(repository.CleanPath(repo.Spec.Path), name, err.Error())
		return nil
	}
	status := wanted.Status
	object := wanted.DeepCopy()
	object.Status = storagev1alpha1.SnapshotStatus{}
	from := wanted.Annotations[metav1alpha1.AnnotationReadFrom]
	_, err = kube.Create(ctx, t.Client, t.Live, object, func(existing *storagev1alpha1.Snapshot) bool {
		return existing.Annotations[metav1alpha1.AnnotationReadFrom] == from || existing.Status.Phase != ""
	})
	switch {
	case isRefused(err):
		t.bad(repository.CleanPath(repo.Spec.Path), name, "the API server refuses it: "+err.Error())
		return nil
	case err != nil:
		return err
	case object.Status.Phase != "":
		return nil
	}
	base := client.MergeFrom(object.DeepCopy())
	object.Status = status
	if err := t.Client.Status().Patch(ctx, object, base); isRefused(err) {
		t.bad(repository.CleanPath(repo.Spec.Path), name, "the API server refuses its status: "+err.Error())
	} else if err != nil {
		return fmt.Errorf("writing status of Snapshot %s/%s: %w", object.Namespace, name, err)
	}
	t.made++
	t.found.Snapshots++
	return nil
}

// isRefused adds what only the documents of others can meet: an object that is too large, and a namespace that is gone.
func isRefused(err error) bool {
	return err != nil && (kube.IsRefused(err) || apierrors.IsRequestEntityTooLargeError(err) || apierrors.IsNotFound(err) || apierrors.IsConflict(err))
}

// mayHave tells what keeps a namespace from having Repositories on the storage; empty when nothing does.
func (r *Reconciler) mayHave(ctx context.Context, s *storagev1alpha1.BackupStorage, namespace string) (string, error) {
	there, found, err := kube.Get[corev1.Namespace](ctx, r.Live, "", namespace)
	if err != nil {
		return "", err
	}
	if !found || !there.DeletionTimestamp.IsZero() {
		return storage.Absent(namespace), nil
	}
	if allowed, reason := usage.Allowed(s.Spec.UsagePolicy, s.Namespace, namespace, there.Labels); !allowed {
		return storage.Denied(namespace, reason), nil
	}
	return "", nil
}
