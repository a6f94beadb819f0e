// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package configuration

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
)

// Phase sums a status up, by the published rules. The backends of the invoker have their defaults.
func Phase(of *invoker.Invoker, status invoker.Status) corev1alpha1.BackupConfigurationPhase {
	if metav1alpha1.IsConditionFalse(status.Conditions, corev1alpha1.ConditionValidationPassed) {
		return corev1alpha1.BackupConfigurationPhaseInvalid
	}
	ready := len(status.Found) == len(of.Targets) &&
		len(status.Backends) == len(of.Backends) && len(status.Sessions) == len(of.Sessions)
	for _, found := range status.Found {
		ready = ready && ptr.Deref(found, false)
	}
	for _, backend := range status.Backends {
		ready = ready && ptr.Deref(backend.Ready, false)
	}
	for _, session := range status.Sessions {
		ready = ready && metav1alpha1.IsConditionTrue(session.Conditions, corev1alpha1.ConditionSchedulerEnsured)
	}
	if ready {
		return corev1alpha1.BackupConfigurationPhaseReady
	}
	return corev1alpha1.BackupConfigurationPhaseNotReady
}

// Failed takes back what a Verdict promised of an intent that could not be carried out. The message is for users.
func Failed(of *invoker.Invoker, status *invoker.Status, intent Intent, message string, now metav1.Time) {
	condition := metav1alpha1.Condition{Status: metav1.ConditionFalse, Message: message}
	switch intent := intent.(type) {
	case EnsureCronJob:
		condition.Type, condition.Reason = corev1alpha1.ConditionSchedulerEnsured, corev1alpha1.ReasonSchedulerNotEnsured
		state := sessionStatus(status, intent.Session)
		state.NextSchedule = ""
		again(&state.Conditions, seenSession(of, intent.Session), condition, now)
	case StartFirst:
		condition.Type, condition.Reason = corev1alpha1.ConditionInitialBackupTriggered, corev1alpha1.ReasonFailedToTriggerInitialBackup
		again(&sessionStatus(status, intent.Session).Conditions, seenSession(of, intent.Session), condition, now)
	case EnsureRepository:
		for i := range status.Repositories {
			if status.Repositories[i].Name == intent.Info.Name {
				status.Repositories[i].Reason = message
			}
		}
	}
	if status.Phase = Phase(of, *status); status.Phase == corev1alpha1.BackupConfigurationPhaseReady {
		return
	}
	again(&status.Conditions, of.Seen.Conditions, metav1alpha1.Condition{
		Type: corev1alpha1.ConditionReady, Status: metav1.ConditionFalse, ObservedGeneration: of.Generation,
		Reason: reasonsOf(of.Kind).notReady, Message: message,
	}, now)
}

// again sets a condition over what was seen, not over what Decide has promised in between: as long as the same thing fails
// again and again, nothing has changed.
func again(conditions *[]metav1alpha1.Condition, seen []metav1alpha1.Condition, c metav1alpha1.Condition, now metav1.Time) {
	promised, old := metav1alpha1.FindCondition(*conditions, c.Type), metav1alpha1.FindCondition(seen, c.Type)
	if promised != nil && old != nil {
		*promised = *old
	}
	metav1alpha1.SetCondition(conditions, c, now)
}

// seenSession are the conditions of a session that its controller has written.
func seenSession(of *invoker.Invoker, name string) []metav1alpha1.Condition {
	seen := of.Seen.Clone()
	return sessionStatus(&seen, name).Conditions
}

// Unstarted takes back that first runs were started, because an intent before them failed.
func Unstarted(before, status *invoker.Status, session string) {
	was := before.Clone()
	old := metav1alpha1.FindCondition(sessionStatus(&was, session).Conditions, corev1alpha1.ConditionInitialBackupTriggered)
	state := sessionStatus(status, session)
	metav1alpha1.RemoveCondition(&state.Conditions, corev1alpha1.ConditionInitialBackupTriggered)
	if old != nil {
		state.Conditions = append(state.Conditions, *old)
	}
}

// sessionStatus finds the status of a session, inside status, and makes one where there is none.
func sessionStatus(status *invoker.Status, name string) *corev1alpha1.SessionStatus {
	for i := range status.Sessions {
		if status.Sessions[i].Name == name {
			return &status.Sessions[i]
		}
	}
	status.Sessions = append(status.Sessions, corev1alpha1.SessionStatus{Name: name})
	return &status.Sessions[len(status.Sessions)-1]
}

func unavailable(kind string, ref metav1alpha1.ObjectReference, field string) string {
	return fmt.Sprintf("%s %s/%s does not exist: create it, or correct %s.", kind, ref.Namespace, ref.Name, field)
}
