// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
)

// Facts is all that a decision about one BackupStorage rests on. Everything in it is a copy.
type Facts struct {
	// Now stamps conditions that change.
	Now        metav1.Time
	Generation int64
	// Version is the operator's.
	Version string
	// Status is what stands there now.
	Status storagev1alpha1.BackupStorageStatus
	// Problems say what is wrong with the spec, in words for the one who wrote it.
	Problems []string
	// AnotherDefault says which storage was the default of the namespace before this one asked to be; empty when none was.
	AnotherDefault []string
	// Created is when the BackupStorage was created.
	Created metav1.Time
	// Repositories are those that refer to the storage. One that is being deleted is there until it is gone: what is
	// left of it can be told only then.
	Repositories []storagev1alpha1.RepositoryInfo
	// Pending are entries of the backend that could not be made in this cluster yet.
	Pending []storagev1alpha1.RepositoryInfo
	// Volume is true when only a pod can reach the storage.
	Volume bool
	// Look is what a look at a storage on the network has found in this pass; nil when none was made.
	Look *Look
	// Last is the last look that was made; zero when none is known of, as after a restart.
	Last LastLook
	// Job is the init Job of a storage on a volume; zero when it doesn't matter any more (IsInitialised).
	Job Job
}

// Look is what a look at a storage on the network has found.
type Look struct {
	// SecretName is "namespace/name" of the Secret; empty in credential-less mode.
	SecretName  string
	SecretFound bool
	// MissingKeys are required keys that the Secret doesn't have, or has empty.
	MissingKeys []string
	// Failure tells why the storage can't be used; nil when it can.
	Failure *engine.Error
	// Metadata is the document that was found; nil when there is none.
	Metadata *Metadata
	// Lost are entries of Metadata that are in the cluster no more, and whose data is gone too.
	Lost []storagev1alpha1.RepositoryInfo
}

// LastLook remembers when a look was made and what for. It is a memory aid: losing it costs one look.
type LastLook struct {
	At         time.Time
	Generation int64
	// Repositories is Identities of what was known then.
	Repositories string
}

// Job is what is known of the Job that initialises a storage on a volume.
type Job struct {
	Exists bool
	// Generation is that of the BackupStorage that the Job was made for.
	Generation int64
	// Ended is true once the Job won't start another pod.
	Ended bool
	// Failure tells why it failed; nil when it succeeded, or has not ended.
	Failure *engine.Error
	// Waiting tells why its pod can't start; empty when it can.
	Waiting string
}

// How often a storage on the network is looked at: one that works, and one that doesn't. The second is below
// the minute at which a stalled object is looked at again, so that each such pass makes a look.
const (
	readyInterval   = 10 * time.Minute
	failingInterval = 30 * time.Second
)

// NewLastLook remembers the look that f holds.
func NewLastLook(f Facts) LastLook {
	return LastLook{At: f.Now.Time, Generation: f.Generation, Repositories: Identities(f.Repositories)}
}

// Identities is one short string for a set of Repositories, whatever their order and sizes.
func Identities(repositories []storagev1alpha1.RepositoryInfo) string {
	all := make([]string, 0, len(repositories))
	for _, r := range repositories {
		all = append(all, identity(r))
	}
	slices.Sort(all)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(all, "\n"))))
}

// Failed is f after an intent failed: what stood in its way is a fact like what a look or a Job has found.
func Failed(f Facts, failure *engine.Error) Facts {
	if f.Look != nil {
		look := *f.Look
		look.Failure = failure
		f.Look = &look
		return f
	}
	f.Job = Job{Exists: true, Generation: f.Generation, Ended: true, Failure: failure}
	return f
}

// IsLookDue says whether a storage on the network is to be looked at in this pass.
func IsLookDue(f Facts) bool {
	switch {
	case f.Volume || len(f.Problems) > 0:
		return false
	case f.Last.At.IsZero(), f.Last.Generation != f.Generation, f.Last.Repositories != Identities(f.Repositories):
		return true
	default:
		return untilLook(f) <= 0
	}
}

func untilLook(f Facts) time.Duration {
	interval := failingInterval
	if Phase(f.Status.Conditions) == storagev1alpha1.BackupStoragePhaseReady {
		interval = readyInterval
	}
	return f.Last.At.Add(interval).Sub(f.Now.Time)
}
