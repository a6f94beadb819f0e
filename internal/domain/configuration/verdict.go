// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package configuration

import (
	"slices"
	"time"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
)

// Verdict is a decision. Status holds once every intent was carried out, in order; what fails is told to Failed.
type Verdict struct {
	Status  invoker.Status
	Intents []Intent
	// Stalled tells what a human must mend; empty when nothing.
	Stalled string
	// WakeUp is when to look again although nothing changed; zero means never.
	WakeUp time.Duration
}

// Makes says whether the verdict asks for something that isn't there yet.
func (v Verdict) Makes(f Facts) bool {
	return slices.ContainsFunc(v.Intents, func(i Intent) bool {
		switch i := i.(type) {
		case EnsureRepository:
			_, exists := f.Repositories[i.Info.Name]
			return !exists
		case EnsureCronJob:
			_, exists := f.CronJobs[i.Session]
			return !exists
		case StartFirst:
			return true
		default:
			return false
		}
	})
}

// Intent is one of the few things that an invoker does to the world.
type Intent interface{ intent() }

// EnsureRepository makes a Repository, or brings its settings in line with the spec.
type EnsureRepository struct {
	Info    corev1alpha1.RepositoryInfo
	AppRef  metav1alpha1.TypedObjectReference
	Storage metav1alpha1.ObjectReference
}

// EnsureCronJob makes the CronJob of a session, or brings it in line with the spec.
type EnsureCronJob struct {
	Session string
	// Schedule has no H.
	Schedule string
	Suspend  bool
}

// SuspendCronJob stops the slots of a session whose spec can't be carried out.
type SuspendCronJob struct{ Session, Name string }

// RemoveCronJob removes the CronJob of a session that is gone.
type RemoveCronJob struct{ Name string }

// StartFirst makes the first BackupSession of a session.
type StartFirst struct{ Session string }

func (EnsureRepository) intent() {}
func (EnsureCronJob) intent()    {}
func (SuspendCronJob) intent()   {}
func (RemoveCronJob) intent()    {}
func (StartFirst) intent()       {}
