// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package invoker

import (
	"slices"

	"k8s.io/utils/ptr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// Status is the status of an Invoker, whatever its kind.
type Status struct {
	corev1alpha1.OffshootStatus
	Phase corev1alpha1.BackupConfigurationPhase
	// Found says of each of the Invoker's Targets, in their order, whether it exists; nil when not looked for yet.
	Found      []*bool
	Conditions []metav1alpha1.Condition
}

// Clone returns a Status that shares nothing with s.
func (s Status) Clone() Status {
	out := Status{OffshootStatus: *s.DeepCopy(), Phase: s.Phase, Conditions: slices.Clone(s.Conditions)}
	for _, found := range s.Found {
		if found != nil {
			found = ptr.To(*found)
		}
		out.Found = append(out.Found, found)
	}
	return out
}

// Write puts a status into the object that it is the status of.
func (s Status) Write(obj any) {
	switch o := obj.(type) {
	case *corev1alpha1.BackupConfiguration:
		o.Status = corev1alpha1.BackupConfigurationStatus{OffshootStatus: s.OffshootStatus, Phase: s.Phase, Conditions: s.Conditions}
		if len(s.Found) > 0 {
			o.Status.TargetFound = s.Found[0]
		}
	case *corev1alpha1.BackupBatch:
		o.Status = corev1alpha1.BackupBatchStatus{OffshootStatus: s.OffshootStatus, Phase: s.Phase, Conditions: s.Conditions}
		for n, target := range Of(o).Targets {
			if n < len(s.Found) {
				o.Status.Targets = append(o.Status.Targets, corev1alpha1.ResourceFoundStatus{
					TypedObjectReference: *target.Normal(o.Namespace), Found: s.Found[n],
				})
			}
		}
	}
}

func foundIn(all []corev1alpha1.ResourceFoundStatus) []*bool {
	var out []*bool
	for _, s := range all {
		out = append(out, s.Found)
	}
	return out
}
