// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/naming"
)

// BackupSession is the run of a session at a time: a slot of the schedule, or the creation of the invoker for its
// first run. The same run has the same name, so creating it twice means adopting it.
func BackupSession(of *invoker.Invoker, session *corev1alpha1.SessionConfig, at time.Time) *corev1alpha1.BackupSession {
	run := &corev1alpha1.BackupSession{
		ObjectMeta: metav1.ObjectMeta{
			Name:      naming.BackupSession(of.Name, session.Name, at.Unix()),
			Namespace: of.Namespace,
			Labels: map[string]string{
				metav1alpha1.LabelManagedBy:   metav1alpha1.ManagedByKubeStash,
				metav1alpha1.LabelInvokerName: naming.LabelValue(of.Name),
				metav1alpha1.LabelSessionName: naming.LabelValue(session.Name),
			},
			// Its own controller would add it with another write.
			Finalizers:      []string{metav1alpha1.FinalizerCleanup},
			OwnerReferences: []metav1.OwnerReference{of.Owner()},
		},
		Spec: corev1alpha1.BackupSessionSpec{
			Invoker: &corev1.TypedLocalObjectReference{
				APIGroup: ptr.To(corev1alpha1.GroupName),
				Kind:     of.Kind,
				Name:     of.Name,
			},
			Session:       session.Name,
			BackupTimeout: session.BackupTimeout,
		},
	}
	if session.RetryConfig != nil {
		// The schema defaults it; an invoker that was stored before the schema did has zero.
		run.Spec.RetryLeft = max(session.RetryConfig.MaxRetry, 1)
	}
	return run
}

// DisambiguateBackupSession gives a run another name, for the case that its own is taken: long names can
// collide. It is as stable as the first one.
func DisambiguateBackupSession(run *corev1alpha1.BackupSession) *corev1alpha1.BackupSession {
	other := run.DeepCopy()
	other.Name = naming.Disambiguate(run.Name, run.Namespace+"/"+run.Spec.Invoker.Name+"/"+run.Spec.Session)
	other.ResourceVersion, other.UID = "", ""
	return other
}

// IsSameRun reports whether an existing BackupSession is the run that was to be created.
func IsSameRun(existing, run *corev1alpha1.BackupSession) bool {
	owner := metav1.GetControllerOf(run)
	return owner != nil && metav1.IsControlledBy(existing, &metav1.ObjectMeta{UID: owner.UID}) &&
		existing.Spec.Session == run.Spec.Session
}
