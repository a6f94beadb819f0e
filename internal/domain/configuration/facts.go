// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package configuration

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
)

// Facts is all that a decision about one invoker rests on. It holds copies, never what a cache owns.
type Facts struct {
	Now metav1.Time
	// Invoker is the object. Defaults are filled in its backends.
	Invoker *invoker.Invoker
	// Problems are what validation refuses.
	Problems []string
	// Targets are by the names that the invoker gives them.
	Targets map[string]Target
	// Storages and Policies are by normalised reference.
	Storages map[metav1alpha1.ObjectReference]Storage
	Policies map[metav1alpha1.ObjectReference]Policy
	// Repositories are those that exist under the names of the spec, by name.
	Repositories map[string]storagev1alpha1.Repository
	// Rivals are the other invokers that want one of our locations. Repositories that exist there are
	// the business of validation.
	Rivals []Rival
	// Dependencies are the Addons and Functions that sessions need.
	Dependencies []corev1alpha1.ResourceFoundStatus
	// AddonProblems say, by session, why its tasks can't be run.
	AddonProblems map[string][]string
	// Secrets are the encryption Secrets, by normalised reference.
	Secrets map[metav1alpha1.ObjectReference]Secret
	// CronJobs are ours, by session. A session may have one under a disambiguated name.
	CronJobs map[string]CronJob
	// Leaving is true of a namespace that is being deleted: all that is made there is refused. It is asked for once a
	// first decision wants to make something.
	Leaving bool
}

// Target is what is known of what is backed up.
type Target struct {
	Found bool
	// Problem says why it can't be looked for; empty otherwise.
	Problem string
}

// Storage is what is known of a BackupStorage.
type Storage struct {
	Found bool
	// Denied says why our namespace may not use it; empty when it may.
	Denied string
	Phase  storagev1alpha1.BackupStoragePhase
	// Reason is why it isn't ready, in its own words.
	Reason string
}

// Policy is what is known of a RetentionPolicy.
type Policy struct {
	Found bool
	// Denied says why our namespace may not use it; empty when it may.
	Denied string
	// Problems are what validation refuses of it.
	Problems []string
}

// Secret is what is known of an encryption Secret. Its content is not.
type Secret struct {
	Found, HasPassword bool
}

// CronJob is what is known of a session's CronJob.
type CronJob struct {
	Name      string
	Suspended bool
	// Content stands for all that we set of it: equal to that of what is wanted, there is nothing to do.
	Content uint64
}

// Rival is another invoker that wants one of our locations for a Repository of its own.
type Rival struct {
	Location              Location
	Kind, Namespace, Name string
	// Repository is the name of the Repository that it wants there.
	Repository string
	// Created is when the invoker was made.
	Created metav1.Time
}

// Location is where a Repository lies.
type Location struct {
	Storage metav1alpha1.ObjectReference
	// Path is clean: no slash at either end.
	Path string
}

// String is the location as an index key.
func (l Location) String() string {
	return l.Storage.Namespace + "/" + l.Storage.Name + "/" + l.Path
}
