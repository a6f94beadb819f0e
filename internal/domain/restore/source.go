// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restore

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// clockSkew is how far apart the clocks of two operators, one after the other, may be.
const clockSkew = 5 * time.Minute

// ChooseSnapshot returns the one of a Repository's Snapshots that a data source without a Snapshot's name means: the
// newest that succeeded, for a point in time not later than that. When there is none, problem says so. One that is dated
// in the future was made while some clock was ahead, and what was backed up after it bears an earlier date: it is
// chosen only when there is no other.
func ChooseSnapshot(source corev1alpha1.RestoreDataSource, snapshots []storagev1alpha1.Snapshot, now time.Time) (
	chosen *storagev1alpha1.Snapshot, problem string) {
	latest := now.Add(clockSkew)
	var oldest *storagev1alpha1.Snapshot
	for i := range snapshots {
		s := &snapshots[i]
		if s.Spec.Repository != source.Repository || s.Status.Phase != storagev1alpha1.SnapshotPhaseSucceeded || !s.DeletionTimestamp.IsZero() {
			continue
		}
		if oldest == nil || SnapshotTime(s).Before(SnapshotTime(oldest)) {
			oldest = s
		}
		if inTime(source.PITR, SnapshotTime(s)) && (chosen == nil || newer(SnapshotTime(s), SnapshotTime(chosen), latest)) {
			chosen = s
		}
	}
	switch {
	case chosen != nil:
		return chosen, ""
	case oldest == nil:
		return nil, fmt.Sprintf("Repository %s has no Snapshot that succeeded, so there is nothing to restore.", source.Repository)
	default:
		return nil, fmt.Sprintf("Repository %s has no Snapshot %s, so there is nothing to restore; the oldest that it has is %s of %s.",
			source.Repository, bound(source.PITR), oldest.Name, SnapshotTime(oldest).UTC().Format(time.RFC3339))
	}
}

// newer reports whether a Snapshot of one time is to be preferred to another's. Of two from the future the earlier one is
// nearer to the truth.
func newer(at, than, latest time.Time) bool {
	if than.After(latest) {
		return at.Before(than)
	}
	return at.After(than) && !at.After(latest)
}

// inTime compares whole seconds: the API knows no others.
func inTime(pitr *corev1alpha1.PITR, at time.Time) bool {
	if pitr == nil {
		return true
	}
	at, target := at.Truncate(time.Second), pitr.TargetTime.Truncate(time.Second)
	return at.Before(target) || at.Equal(target) && !pitr.Exclusive
}

func bound(pitr *corev1alpha1.PITR) string {
	words := "at or before "
	if pitr.Exclusive {
		words = "before "
	}
	return words + pitr.TargetTime.UTC().Format(time.RFC3339)
}

// SnapshotTime is the point in time that a Snapshot stands for.
func SnapshotTime(s *storagev1alpha1.Snapshot) time.Time {
	if s.Status.SnapshotTime != nil {
		return s.Status.SnapshotTime.Time
	}
	return s.CreationTimestamp.Time
}

// CheckSnapshot says why a Snapshot isn't restored although it is there; empty when it is.
func CheckSnapshot(source corev1alpha1.RestoreDataSource, s *storagev1alpha1.Snapshot) string {
	switch {
	case source.Repository != "" && source.Repository != s.Spec.Repository:
		return fmt.Sprintf("Snapshot %s is in Repository %s, not in %s.", s.Name, s.Spec.Repository, source.Repository)
	case !s.DeletionTimestamp.IsZero():
		return fmt.Sprintf("Snapshot %s is being deleted.", s.Name)
	case s.Status.Phase == "":
		return fmt.Sprintf("Snapshot %s is not complete; only one that succeeded is restored.", s.Name)
	case s.Status.Phase != storagev1alpha1.SnapshotPhaseSucceeded:
		return fmt.Sprintf("Snapshot %s is %s; only one that succeeded is restored.", s.Name, s.Status.Phase)
	case len(s.Status.Components) == 0:
		return fmt.Sprintf("Snapshot %s holds no component, so there is nothing to restore.", s.Name)
	case int(s.Status.TotalComponents) > len(s.Status.Components):
		return fmt.Sprintf("Snapshot %s has recorded %d of %d components: it is not whole.",
			s.Name, len(s.Status.Components), s.Status.TotalComponents)
	default:
		return ""
	}
}

// ChooseComponents returns the components of a Snapshot to restore: those asked for, by their present or their former
// names, or all. A problem names what the Snapshot doesn't hold, or doesn't hold whole.
func ChooseComponents(s *storagev1alpha1.Snapshot, wanted []string) (chosen, problems []string) {
	have := slices.Sorted(maps.Keys(s.Status.Components))
	if len(wanted) == 0 {
		chosen = have
	}
	for _, name := range wanted {
		i := slices.IndexFunc(have, func(h string) bool { return Component(h) == Component(name) })
		if i < 0 {
			problems = append(problems, fmt.Sprintf("Snapshot %s has no component %q; it has: %s.", s.Name, name, strings.Join(have, ", ")))
			continue
		}
		chosen = append(chosen, have[i])
	}
	slices.Sort(chosen)
	chosen = slices.Compact(chosen)
	for _, name := range chosen {
		if phase := s.Status.Components[name].Phase; phase != storagev1alpha1.ComponentPhaseSucceeded {
			problems = append(problems, fmt.Sprintf("Component %s of Snapshot %s is %s; only one that succeeded is restored.",
				name, s.Name, orElse(string(phase), "not complete")))
		}
	}
	return chosen, problems
}

// Component returns the present name of a component: pod-0, as older manifests and Snapshots have it, is dump-pod-0.
func Component(name string) string {
	if strings.HasPrefix(name, metav1alpha1.ComponentPod+"-") {
		return metav1alpha1.ComponentDump + "-" + name
	}
	return name
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
