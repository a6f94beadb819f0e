// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// A backend is read once for each BackupStorage, and again when somebody asks. It isn't compared all the time: a
// Repository that a user deletes with its data kept must not come back by itself.

const (
	// pendingKept is how many Repositories that could not be made are listed.
	pendingKept = 100
	// absentInterval is how often it is looked whether what a Repository waits for in this cluster is there.
	absentInterval = time.Minute
	// underWayInterval lets others have their turn between two passes of reading.
	underWayInterval = 200 * time.Millisecond
	// brokenInterval is how often documents that could not be used are read again.
	brokenInterval = 10 * time.Minute
)

// Round says whether the backend is to be read now, and from where on. Retry is true when only what could not be made
// before is of interest.
type Round struct {
	Due, Retry bool
	Sync       storagev1alpha1.BackendSync
}

// RoundFacts is what a Round rests on.
type RoundFacts struct {
	Now metav1.Time
	// Location is the place that the spec means now, and Request what the annotation says.
	Location, Request string
	Status            storagev1alpha1.BackupStorageStatus
	// Possible is true when a Repository that waited for something in this cluster can be made now.
	Possible bool
	// Broken is true when documents could not be used.
	Broken bool
}

// NextRound decides. What is under way goes on from where it is.
func NextRound(f RoundFacts) Round {
	s := f.Status.Sync
	if s == nil || s.Location != f.Location || s.Request != f.Request {
		start := f.Now.Rfc3339Copy()
		return Round{Due: true, Sync: storagev1alpha1.BackendSync{Location: f.Location, Request: f.Request, StartTime: &start}}
	}
	round := Round{Retry: s.CompletionTime != nil, Sync: *s.DeepCopy()}
	switch {
	case isUnderWay(*s):
		round.Due = true
	case f.Possible, f.Broken && !f.Now.Before(ptr.To(metav1.NewTime(s.StartTime.Add(brokenInterval)))):
		round.Due = true
		// Times have whole seconds, and this one must be told from the end of the round before.
		start := f.Now.Rfc3339Copy()
		if !s.CompletionTime.Before(&start) {
			start = metav1.NewTime(s.CompletionTime.Add(time.Second))
		}
		round.Sync.StartTime, round.Sync.After = &start, ""
	}
	return round
}

func isUnderWay(s storagev1alpha1.BackendSync) bool {
	return s.CompletionTime == nil || s.CompletionTime.Before(s.StartTime)
}

// Pending are the Repositories of the backend that are not in the cluster.
func Pending(status storagev1alpha1.BackupStorageStatus, inCluster []storagev1alpha1.RepositoryInfo) []storagev1alpha1.RepositoryInfo {
	var pending []storagev1alpha1.RepositoryInfo
	for _, r := range status.Repositories {
		// Of thousands that are in the cluster, none gets to the comparison.
		if r.Synced == nil || *r.Synced {
			continue
		}
		if !slices.ContainsFunc(inCluster, func(c storagev1alpha1.RepositoryInfo) bool { return identity(c) == identity(r) }) {
			pending = append(pending, *r.DeepCopy())
		}
	}
	return pending
}

// Findings are what a pass of reading has come to.
type Findings struct {
	// Good are the Repositories that are in the cluster now, made or found there.
	Good []storagev1alpha1.RepositoryInfo
	// Bad are the entries that could not be made whole, each with its error.
	Bad []storagev1alpha1.RepositoryInfo
	// After is where to go on; Done is true when the end was reached.
	After string
	Done  bool
	// Repositories and Snapshots are how many were made.
	Repositories, Snapshots int32
	// Failure tells why reading could not go on; empty when it could.
	Failure string
}

// Read puts findings into a status, whose Repositories are those of the cluster and those that were pending.
func Read(status *storagev1alpha1.BackupStorageStatus, round Round, found Findings, generation int64, now metav1.Time) {
	for _, good := range found.Good {
		settle(status, good)
	}
	for _, bad := range found.Bad {
		note(status, bad)
	}
	slices.SortFunc(status.Repositories, byName)
	sync := round.Sync
	sync.After = found.After
	sync.Repositories += found.Repositories
	sync.Snapshots += found.Snapshots
	if found.Done {
		sync.After = ""
		end := now.Rfc3339Copy()
		if end.Before(sync.StartTime) {
			end = *sync.StartTime
		}
		sync.CompletionTime = &end
		for i := range status.Repositories {
			if r := &status.Repositories[i]; r.Synced == nil {
				r.Synced = ptr.To(true)
			}
		}
	}
	status.Sync = &sync
	if c := syncCondition(*status, found); c != nil {
		c.ObservedGeneration = generation
		metav1alpha1.SetCondition(&status.Conditions, *c, now)
	}
}

// settle forgets an error, and that the entry was not there.
func settle(status *storagev1alpha1.BackupStorageStatus, good storagev1alpha1.RepositoryInfo) {
	isListed := false
	for i := range status.Repositories {
		r := &status.Repositories[i]
		if identity(*r) == identity(good) {
			isListed = true
		}
		if samePath(r.Path, good.Path) && r.Synced != nil && !*r.Synced {
			r.Synced, r.Error = nil, nil
		}
	}
	if !isListed {
		// Whatever was known of the place without its name is this one.
		status.Repositories = slices.DeleteFunc(status.Repositories, func(r storagev1alpha1.RepositoryInfo) bool {
			return r.Name == "" && samePath(r.Path, good.Path)
		})
		status.Repositories = append(status.Repositories, good)
	}
}

// note keeps the first thing that is wrong with an entry.
func note(status *storagev1alpha1.BackupStorageStatus, bad storagev1alpha1.RepositoryInfo) {
	bad.Synced = ptr.To(false)
	pending := 0
	for i := range status.Repositories {
		r := &status.Repositories[i]
		isSame := r.Name == bad.Name && r.Namespace == bad.Namespace || bad.Name == ""
		if isSame && samePath(r.Path, bad.Path) {
			if r.Error == nil || waits(*r) {
				r.Synced, r.Error = bad.Synced, bad.Error
			}
			return
		}
		if r.Synced != nil && !*r.Synced {
			pending++
		}
	}
	if pending < pendingKept {
		status.Repositories = append(status.Repositories, bad)
	}
}

func samePath(a, b string) bool { return path.Clean("/"+a) == path.Clean("/"+b) }

// Absent is the error of a Repository whose namespace this cluster doesn't have.
func Absent(namespace string) string {
	return fmt.Sprintf("%s: create namespace %q; the Repository and its Snapshots are made there within a minute.", absent, namespace)
}

// Denied is the error of a Repository in a namespace that may not use the storage.
func Denied(namespace, reason string) string {
	return fmt.Sprintf("%s %q: %s. Change spec.usagePolicy of the BackupStorage; it is looked at once a minute.", denied, namespace, reason)
}

const (
	absent = "its namespace does not exist"
	denied = "the BackupStorage may not be used by namespace"
)

// Waiting are the entries that wait for something in this cluster, Broken those of which documents could not be used.
func Waiting(repositories []storagev1alpha1.RepositoryInfo) (waiting, broken []storagev1alpha1.RepositoryInfo) {
	for _, r := range repositories {
		switch {
		case r.Synced == nil || *r.Synced:
		case waits(r):
			waiting = append(waiting, r)
		default:
			broken = append(broken, r)
		}
	}
	return waiting, broken
}

func waits(r storagev1alpha1.RepositoryInfo) bool {
	text := ptr.Deref(r.Error, "")
	return strings.HasPrefix(text, absent) || strings.HasPrefix(text, denied)
}

// syncCondition is nil when there is nothing to tell: the backend had nothing that the cluster has not.
func syncCondition(status storagev1alpha1.BackupStorageStatus, found Findings) *metav1alpha1.Condition {
	first, bad := "", 0
	for _, r := range status.Repositories {
		if r.Synced == nil || *r.Synced {
			continue
		}
		if bad++; first == "" {
			first = fmt.Sprintf("%s: %s", cmp.Or(r.Path, "the root"), ptr.Deref(r.Error, "no reason is known"))
		}
	}
	made := fmt.Sprintf("%d Repositories and %d Snapshots were made from what is in the backend", status.Sync.Repositories, status.Sync.Snapshots)
	c := &metav1alpha1.Condition{Type: storagev1alpha1.ConditionBackendSynced, Status: metav1.ConditionFalse}
	switch {
	case found.Failure != "":
		c.Reason = storagev1alpha1.ReasonBackendSyncIncomplete
		c.Message = "What is in the backend can't be read back: " + found.Failure
	case bad == 0 && status.Sync.Repositories+status.Sync.Snapshots == 0 &&
		!metav1alpha1.HasCondition(status.Conditions, storagev1alpha1.ConditionBackendSynced):
		return nil
	case !found.Done:
		c.Reason = storagev1alpha1.ReasonBackendSyncInProgress
		c.Message = fmt.Sprintf("%s so far; it goes on after %s.", made, found.After)
	case bad > 0:
		c.Reason = storagev1alpha1.ReasonBackendSyncIncomplete
		c.Message = fmt.Sprintf("%s, and %d of the Repositories there are not whole: status.repositories says why. The first: %s", made, bad, first)
	default:
		c.Status, c.Reason = metav1.ConditionTrue, storagev1alpha1.ReasonBackendSyncSucceeded
		c.Message = made + "."
	}
	return c
}

// WakeForSync is when to look again because of what could not be read back; zero means never.
func WakeForSync(status storagev1alpha1.BackupStorageStatus, failed bool) time.Duration {
	waiting, broken := Waiting(status.Repositories)
	switch {
	case failed:
		return failingInterval
	case status.Sync != nil && isUnderWay(*status.Sync):
		return underWayInterval
	case len(waiting) > 0:
		return absentInterval
	case len(broken) > 0:
		return brokenInterval
	default:
		return 0
	}
}
