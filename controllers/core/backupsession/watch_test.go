// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/event"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

func TestWhenASessionIsLookedAt(t *testing.T) {
	type edit func(s *corev1alpha1.BackupSession)
	noon := metav1.NewTime(time.Unix(1_800_000_000, 0))
	queued := func(status metav1.ConditionStatus, message string) edit {
		return func(s *corev1alpha1.BackupSession) {
			s.Status.Phase = corev1alpha1.BackupSessionPhasePending
			metav1alpha1.SetCondition(&s.Status.Conditions, metav1alpha1.Condition{
				Type: corev1alpha1.ConditionQueued, Status: status, Message: message,
			}, noon)
		}
	}
	begun := func(s *corev1alpha1.BackupSession) {
		s.Status.Phase = corev1alpha1.BackupSessionPhaseRunning
		metav1alpha1.SetCondition(&s.Status.Conditions, metav1alpha1.Condition{
			Type: corev1alpha1.ConditionSnapshotsEnsured, Status: metav1.ConditionTrue,
		}, noon)
	}
	for sentence, c := range map[string]struct {
		before, now []edit
		looked      bool
	}{
		"it was told that it waits":       {nil, []edit{queued("True", "Position 7")}, false},
		"it was told another position":    {[]edit{queued("True", "Position 7")}, []edit{queued("True", "Position 3")}, false},
		"it got our finalizer":            {nil, []edit{func(s *corev1alpha1.BackupSession) { s.Finalizers = []string{"ours"} }}, false},
		"its turn came":                   {[]edit{queued("True", "Position 1")}, []edit{queued("False", ""), begun}, true},
		"it began without waiting":        {nil, []edit{begun}, true},
		"it waits again after its hooks":  {[]edit{queued("True", "Position 1"), begun}, []edit{queued("True", "Position 2")}, true},
		"somebody deletes it":             {[]edit{queued("True", "Position 7")}, []edit{queued("True", "Position 7"), func(s *corev1alpha1.BackupSession) { s.DeletionTimestamp = &noon }}, true},
		"somebody annotates it":           {nil, []edit{func(s *corev1alpha1.BackupSession) { s.Annotations = map[string]string{"a": "b"} }}, true},
		"somebody labels it":              {nil, []edit{func(s *corev1alpha1.BackupSession) { s.Labels = map[string]string{"a": "b"} }}, true},
		"its spec changed":                {nil, []edit{func(s *corev1alpha1.BackupSession) { s.Generation = 2; s.Spec.RetryLeft = 2 }}, true},
		"it was told how much it has":     {nil, []edit{func(s *corev1alpha1.BackupSession) { s.Status.TotalSnapshots = ptr.To[int32](2) }}, true},
		"the cache gives all it has anew": {nil, []edit{func(s *corev1alpha1.BackupSession) { s.ResourceVersion = "1" }}, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			made := func(version string, edits []edit) *corev1alpha1.BackupSession {
				s := &corev1alpha1.BackupSession{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "s", ResourceVersion: version, Generation: 1}}
				for _, e := range edits {
					e(s)
				}
				return s
			}
			before, now := made("1", c.before), made("2", c.now)
			want := now.DeepCopy()
			if got := somethingHappened.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: now}); got != c.looked {
				t.Errorf("it is looked at: %t", got)
			}
			if len(now.Status.Conditions) != len(want.Status.Conditions) {
				t.Error("looking has changed it")
			}
		})
	}
}
