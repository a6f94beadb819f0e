// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"maps"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// somethingHappened leaves out what our own writes tell us of a session that waits: that it has a finalizer, and where in the line it was. To
// look at it again for that would find it elsewhere in the line, which would be written, and so on for as long as it waits. Whose turn comes
// is woken, and positions are brought up to date in their time.
var somethingHappened = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	before, isOld := e.ObjectOld.(*corev1alpha1.BackupSession)
	now, isNew := e.ObjectNew.(*corev1alpha1.BackupSession)
	return !isOld || !isNew || before.ResourceVersion == now.ResourceVersion || !isWaitingOn(before, now)
}}

// isWaitingOn reports whether a session waits as it did, at whichever position.
func isWaitingOn(before, now *corev1alpha1.BackupSession) bool {
	was, is := before.Status.DeepCopy(), now.Status.DeepCopy()
	if metav1alpha1.IsConditionTrue(is.Conditions, corev1alpha1.ConditionQueued) {
		metav1alpha1.RemoveCondition(&was.Conditions, corev1alpha1.ConditionQueued)
		metav1alpha1.RemoveCondition(&is.Conditions, corev1alpha1.ConditionQueued)
		was.Phase = is.Phase
	}
	return before.Generation == now.Generation && before.DeletionTimestamp.Equal(now.DeletionTimestamp) &&
		maps.Equal(before.Annotations, now.Annotations) && maps.Equal(before.Labels, now.Labels) &&
		equality.Semantic.DeepEqual(was, is)
}
