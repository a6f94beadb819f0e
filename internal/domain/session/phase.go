// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/naming"
)

// Phase summarises a BackupSession's status, as published: the first rule that matches wins. The final
// condition is MetricsPushed; until it is set, failures don't show.
func Phase(s corev1alpha1.BackupSessionStatus) corev1alpha1.BackupSessionPhase {
	pushed := metav1alpha1.FindCondition(s.Conditions, corev1alpha1.ConditionMetricsPushed)
	switch {
	case metav1alpha1.IsConditionFalse(s.Conditions, corev1alpha1.ConditionMetricsPushed):
		return corev1alpha1.BackupSessionPhaseFailed
	case metav1alpha1.IsConditionTrue(s.Conditions, corev1alpha1.ConditionBackupSkipped):
		return corev1alpha1.BackupSessionPhaseSkipped
	case pushed != nil && anyStepFailed(s):
		return corev1alpha1.BackupSessionPhaseFailed
	}
	snapshots := snapshotsPhase(s)
	if snapshots == corev1alpha1.BackupSessionPhasePending || pushed != nil {
		return snapshots
	}
	return corev1alpha1.BackupSessionPhaseRunning
}

func anyStepFailed(s corev1alpha1.BackupSessionStatus) bool {
	for _, t := range []string{
		corev1alpha1.ConditionBackupExecutorEnsured, corev1alpha1.ConditionSnapshotsEnsured,
		corev1alpha1.ConditionPreBackupHooksExecutionSucceeded, corev1alpha1.ConditionPostBackupHooksExecutionSucceeded,
		corev1alpha1.ConditionSessionHistoryCleaned,
	} {
		if metav1alpha1.IsConditionFalse(s.Conditions, t) {
			return true
		}
	}
	return metav1alpha1.IsConditionTrue(s.Conditions, corev1alpha1.ConditionSnapshotCleanupIncomplete) ||
		slices.ContainsFunc(s.RetentionPolicies, func(r corev1alpha1.RetentionPolicyApplyStatus) bool {
			return r.Phase == corev1alpha1.RetentionPolicyApplyPhaseFailed
		})
}

func snapshotsPhase(s corev1alpha1.BackupSessionStatus) corev1alpha1.BackupSessionPhase {
	var pending, succeeded, failed int
	for _, snapshot := range s.Snapshots {
		switch snapshot.Phase {
		case storagev1alpha1.SnapshotPhasePending:
			pending++
		case storagev1alpha1.SnapshotPhaseSucceeded:
			succeeded++
		case storagev1alpha1.SnapshotPhaseFailed:
			failed++
		}
	}
	switch total := len(s.Snapshots); {
	case pending == total:
		return corev1alpha1.BackupSessionPhasePending
	case succeeded+failed != total:
		return corev1alpha1.BackupSessionPhaseRunning
	case failed > 0:
		return corev1alpha1.BackupSessionPhaseFailed
	default:
		return corev1alpha1.BackupSessionPhaseSucceeded
	}
}

// Finished reports whether nothing will happen to a BackupSession any more.
func Finished(s corev1alpha1.BackupSessionStatus) bool {
	return metav1alpha1.HasCondition(s.Conditions, corev1alpha1.ConditionMetricsPushed) ||
		metav1alpha1.IsConditionTrue(s.Conditions, corev1alpha1.ConditionBackupSkipped)
}

// Failure says in one sentence why a session failed: the first bad condition, then the first failed
// component, then retention. Where there are several targets, every one that failed is named.
func Failure(s corev1alpha1.BackupSessionStatus, units []Unit) string {
	var reasons []string
	for _, c := range s.Conditions {
		if c.Status == "False" && c.Message != "" {
			reasons = append(reasons, c.Message)
			break
		}
	}
	for _, u := range units {
		if m := u.failure(); m != "" {
			reasons = append(reasons, m)
		}
	}
	for _, r := range s.RetentionPolicies {
		if r.Error != "" {
			reasons = append(reasons, r.Error)
			break
		}
	}
	switch {
	case len(reasons) == 0:
		return "no reason was recorded."
	case len(units) > 1:
		for i := range reasons {
			reasons[i] = strings.TrimSuffix(reasons[i], ".") + "."
		}
		return strings.Join(reasons, " ")
	default:
		return reasons[0]
	}
}

// failure is the first one in a unit's Snapshots.
func (u Unit) failure() string {
	for _, r := range u.Repositories {
		if r.Snapshot == nil || r.Snapshot.Status.Phase != storagev1alpha1.SnapshotPhaseFailed {
			continue
		}
		if m := firstError(r.Snapshot.Status.Components); m != "" {
			return u.says(m)
		}
		for _, c := range r.Snapshot.Status.Conditions {
			if c.Status == "False" && c.Message != "" {
				return u.says(c.Message)
			}
		}
	}
	return ""
}

// SnapshotName names a session's Snapshot in a Repository.
func SnapshotName(session, repository string) string { return naming.Snapshot(repository, session) }

func terminal(phase storagev1alpha1.ComponentPhase) bool {
	return phase == storagev1alpha1.ComponentPhaseSucceeded || phase == storagev1alpha1.ComponentPhaseFailed
}

func failed(c storagev1alpha1.Component, message string) storagev1alpha1.Component {
	c.Phase, c.Error = storagev1alpha1.ComponentPhaseFailed, message
	return c
}

func firstError(components map[string]storagev1alpha1.Component) string {
	for _, name := range slices.Sorted(maps.Keys(components)) {
		if e := components[name].Error; e != "" {
			return fmt.Sprintf("component %s: %s", name, e)
		}
	}
	return ""
}

func sameSnapshot(a, b storagev1alpha1.SnapshotStatus) bool { return reflect.DeepEqual(a, b) }

// measure says how much a component is and how much of it was new.
func measure(c storagev1alpha1.Component) string {
	var parts []string
	for _, s := range c.ResticStats {
		if s.Summary != nil {
			parts = append(parts, fmt.Sprintf("%s (%s, %s uploaded)", s.Summary.HostPath, s.Summary.Size, s.Summary.Uploaded))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

func components(names []string) string {
	if len(names) == 1 {
		return "component " + names[0]
	}
	return "components " + strings.Join(names, ", ")
}

func repositories(list []Repository) string {
	names := make([]string, 0, len(list))
	for _, r := range list {
		names = append(names, r.Name)
	}
	if len(names) == 1 {
		return "Repository " + names[0]
	}
	return "Repositories " + strings.Join(names, ", ")
}

func invokerKind(s corev1alpha1.BackupSession) string {
	if s.Spec.Invoker == nil {
		return "The invoker"
	}
	return s.Spec.Invoker.Kind
}

func invokerName(s corev1alpha1.BackupSession) string {
	if s.Spec.Invoker == nil {
		return `""`
	}
	return s.Spec.Invoker.Name
}
