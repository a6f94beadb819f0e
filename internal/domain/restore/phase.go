// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restore

import (
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// Phase summarises a RestoreSession's status, as published: the first rule that matches wins.
func Phase(s corev1alpha1.RestoreSessionStatus) corev1alpha1.RestoreSessionPhase {
	pushed := metav1alpha1.FindCondition(s.Conditions, corev1alpha1.ConditionMetricsPushed)
	switch {
	case metav1alpha1.IsConditionFalse(s.Conditions, corev1alpha1.ConditionMetricsPushed):
		return corev1alpha1.RestoreSessionPhaseFailed
	case metav1alpha1.IsConditionFalse(s.Conditions, corev1alpha1.ConditionValidationPassed):
		return corev1alpha1.RestoreSessionPhaseInvalid
	case pushed != nil && anyStepFailed(s):
		return corev1alpha1.RestoreSessionPhaseFailed
	}
	components := componentsPhase(s)
	if components == corev1alpha1.RestoreSessionPhasePending || pushed != nil ||
		components == corev1alpha1.RestoreSessionPhaseUnknown {
		return components
	}
	return corev1alpha1.RestoreSessionPhaseRunning
}

func anyStepFailed(s corev1alpha1.RestoreSessionStatus) bool {
	for _, t := range []string{
		corev1alpha1.ConditionPreRestoreHooksExecutionSucceeded, corev1alpha1.ConditionPostRestoreHooksExecutionSucceeded,
		corev1alpha1.ConditionRestoreExecutorEnsured,
	} {
		if metav1alpha1.IsConditionFalse(s.Conditions, t) {
			return true
		}
	}
	return metav1alpha1.IsConditionTrue(s.Conditions, corev1alpha1.ConditionRestoreIncomplete)
}

// componentsPhase counts; a session without components is pending, never a success.
func componentsPhase(s corev1alpha1.RestoreSessionStatus) corev1alpha1.RestoreSessionPhase {
	var pending, succeeded, failed, unknown int32
	for _, c := range s.Components {
		switch c.Phase {
		case corev1alpha1.RestoreSessionPhaseSucceeded:
			succeeded++
		case corev1alpha1.RestoreSessionPhaseFailed:
			failed++
		case corev1alpha1.RestoreSessionPhaseUnknown:
			unknown++
		case corev1alpha1.RestoreSessionPhasePending:
			pending++
		}
	}
	total := max(s.TotalComponents, int32(len(s.Components)))
	switch {
	case pending == total:
		return corev1alpha1.RestoreSessionPhasePending
	case succeeded == total:
		return corev1alpha1.RestoreSessionPhaseSucceeded
	case succeeded+failed+unknown == total && failed == 0:
		return corev1alpha1.RestoreSessionPhaseUnknown
	case failed > 0:
		return corev1alpha1.RestoreSessionPhaseFailed
	default:
		return corev1alpha1.RestoreSessionPhaseRunning
	}
}
