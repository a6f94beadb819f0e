// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

var syncNow = metav1.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) *metav1.Time { return ptr.To(metav1.NewTime(syncNow.Add(-d))) }

func TestWhenABackendIsRead(t *testing.T) {
	done := storagev1alpha1.BackendSync{Location: "here", StartTime: ago(time.Hour), CompletionTime: ago(59 * time.Minute), Snapshots: 7}
	for sentence, row := range map[string]struct {
		sync       *storagev1alpha1.BackendSync
		change     func(*RoundFacts)
		due, retry bool
		after      string
	}{
		"a new storage is read":                       {due: true},
		"one that was read is left alone":             {sync: &done, retry: true},
		"one that means another place now is read":    {sync: &done, change: func(f *RoundFacts) { f.Location = "there" }, due: true},
		"one is read again when somebody asks":        {sync: &done, change: func(f *RoundFacts) { f.Request = "please" }, due: true},
		"what is under way goes on from where it is":  {sync: &storagev1alpha1.BackendSync{Location: "here", StartTime: ago(time.Minute), After: "a/b"}, due: true, after: "a/b"},
		"what waited and can be made is tried again":  {sync: &done, change: func(f *RoundFacts) { f.Possible = true }, due: true, retry: true},
		"broken documents are read again, much later": {sync: &done, change: func(f *RoundFacts) { f.Broken = true }, due: true, retry: true},
		"broken documents are not read all the time": {sync: &storagev1alpha1.BackendSync{Location: "here", StartTime: ago(time.Minute), CompletionTime: ago(time.Minute)},
			change: func(f *RoundFacts) { f.Broken = true }, retry: true},
		"trying again is under way until it ends": {sync: &storagev1alpha1.BackendSync{Location: "here", StartTime: ago(time.Second), CompletionTime: ago(time.Minute), After: "x"},
			due: true, retry: true, after: "x"},
	} {
		f := RoundFacts{Now: syncNow, Location: "here", Status: storagev1alpha1.BackupStorageStatus{Sync: row.sync}}
		if row.change != nil {
			row.change(&f)
		}
		got := NextRound(f)
		if got.Due != row.due || got.Retry != row.retry || got.Sync.After != row.after || got.Due && got.Sync.StartTime == nil {
			t.Errorf("%s: got %+v", sentence, got)
		}
	}
}

func entry(name string) storagev1alpha1.RepositoryInfo {
	return storagev1alpha1.RepositoryInfo{Name: name, Namespace: "demo", Path: "/" + name}
}

func bad(name, why string) storagev1alpha1.RepositoryInfo {
	e := entry(name)
	e.Error = &why
	return e
}

func TestWhatIsSaidOfReading(t *testing.T) {
	round := Round{Due: true, Sync: storagev1alpha1.BackendSync{Location: "here", StartTime: &syncNow}}
	waiting := bad("gone", Absent("demo"))
	waiting.Synced = ptr.To(false)
	for sentence, row := range map[string]struct {
		known  []storagev1alpha1.RepositoryInfo
		round  Round
		found  Findings
		reason string
		says   string
		wake   time.Duration
	}{
		"nothing is said of an empty backend":      {round: round, found: Findings{Done: true}},
		"nothing of what is in the cluster anyway": {known: []storagev1alpha1.RepositoryInfo{entry("a")}, round: round, found: Findings{Done: true, Good: []storagev1alpha1.RepositoryInfo{entry("a")}}},
		"all was made":                              {round: round, found: Findings{Done: true, Good: []storagev1alpha1.RepositoryInfo{entry("a")}, Repositories: 1, Snapshots: 9}, reason: "BackendSyncSucceeded", says: "1 Repositories and 9 Snapshots"},
		"it is under way":                           {round: round, found: Findings{After: "a/snapshots/x.yaml", Repositories: 1, Snapshots: 9}, reason: "BackendSyncInProgress", says: "after a/snapshots/x.yaml", wake: underWayInterval},
		"one is broken":                             {round: round, found: Findings{Done: true, Bad: []storagev1alpha1.RepositoryInfo{bad("b", "rotten")}}, reason: "BackendSyncIncomplete", says: "/b: rotten", wake: brokenInterval},
		"one waits for its namespace":               {round: round, found: Findings{Done: true, Bad: []storagev1alpha1.RepositoryInfo{bad("b", Absent("demo"))}}, reason: "BackendSyncIncomplete", says: `create namespace "demo"`, wake: absentInterval},
		"one that waited was made":                  {known: []storagev1alpha1.RepositoryInfo{waiting}, round: round, found: Findings{Done: true, Good: []storagev1alpha1.RepositoryInfo{entry("gone")}, Repositories: 1}, reason: "BackendSyncSucceeded", says: "1 Repositories"},
		"the backend is out of reach in the middle": {round: round, found: Findings{Failure: "no such host"}, reason: "BackendSyncIncomplete", says: "no such host", wake: failingInterval},
	} {
		status := storagev1alpha1.BackupStorageStatus{Repositories: row.known}
		Read(&status, row.round, row.found, 4, syncNow)
		c := metav1alpha1.FindCondition(status.Conditions, storagev1alpha1.ConditionBackendSynced)
		switch {
		case row.reason == "" && c != nil:
			t.Errorf("%s: got %+v", sentence, c)
		case row.reason != "" && (c == nil || c.Reason != row.reason || !strings.Contains(c.Message, row.says) || c.ObservedGeneration != 4):
			t.Errorf("%s: got %+v", sentence, c)
		}
		if wake := WakeForSync(status, row.found.Failure != ""); wake != row.wake {
			t.Errorf("%s: looked at again in %v", sentence, wake)
		}
		if row.found.Done != (status.Sync.CompletionTime != nil) {
			t.Errorf("%s: %+v", sentence, status.Sync)
		}
		for _, r := range status.Repositories {
			if row.found.Done && r.Synced == nil {
				t.Errorf("%s: %s is neither synced nor not", sentence, r.Name)
			}
		}
	}
}

func TestTheListOfWhatIsMissingIsBounded(t *testing.T) {
	status := storagev1alpha1.BackupStorageStatus{}
	var found Findings
	for i := range 3000 {
		found.Bad = append(found.Bad, bad(strings.Repeat("x", 1+i%200)+time.Duration(i).String(), "rotten"))
	}
	Read(&status, Round{Sync: storagev1alpha1.BackendSync{StartTime: &syncNow}}, found, 1, syncNow)
	if len(status.Repositories) != pendingKept {
		t.Errorf("%d are listed", len(status.Repositories))
	}
}

func TestWhatIsPendingIsToldFromWhatIsThere(t *testing.T) {
	there, missing, left := entry("there"), bad("missing", "rotten"), entry("left")
	there.Synced, missing.Synced, left.Synced = ptr.To(false), ptr.To(false), ptr.To(true)
	status := storagev1alpha1.BackupStorageStatus{Repositories: []storagev1alpha1.RepositoryInfo{there, missing, left}}
	if got := Pending(status, []storagev1alpha1.RepositoryInfo{entry("there")}); len(got) != 1 || got[0].Name != "missing" {
		t.Errorf("got %+v", got)
	}
}
