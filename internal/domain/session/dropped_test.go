// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// An operator that is killed right after it has deleted a Snapshot is followed by one that has to tell why.
func TestASnapshotThatIsBeingDeleted(t *testing.T) {
	for sentence, c := range map[string]struct {
		policy    storagev1alpha1.DeletionPolicy
		forgotten bool
		// after is how long after this run's Snapshot was made it was deleted.
		after time.Duration
		want  string
	}{
		"with its data by a user goes for that reason": {storagev1alpha1.DeletionPolicyWipeOut, false, time.Second, wipedByUser},
		"without its data is nobody's business":        {storagev1alpha1.DeletionPolicyDelete, false, time.Second, ""},
		"by retention in this run goes by the policy":  {storagev1alpha1.DeletionPolicyWipeOut, true, time.Second, "no count of the policy reaches it"},
		"by retention in an earlier run has gone":      {storagev1alpha1.DeletionPolicyWipeOut, true, -time.Second, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t, "repo")
			w.past("repo", "newer", 24*time.Hour, storagev1alpha1.SnapshotPhaseSucceeded)
			w.past("repo", "old", 48*time.Hour, storagev1alpha1.SnapshotPhaseSucceeded)
			r := &w.here().Repositories[0]
			r.Snapshot = &storagev1alpha1.Snapshot{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(w.began)}}
			deleted := metav1.NewTime(w.began.Add(c.after))
			old := &r.Past[1]
			old.DeletionTimestamp, old.Spec.DeletionPolicy = &deleted, c.policy
			if c.forgotten {
				old.Annotations = map[string]string{metav1alpha1.AnnotationForgotten: "true"}
			}
			got := ""
			for _, decided := range judge(*r, w.facts.Session.Name, true, w.now) {
				if decided.Name == "old" && !decided.Keep {
					got = strings.Join(decided.Reasons, ", ")
				}
			}
			if got != c.want {
				t.Errorf("it goes for the reason %q, want %q", got, c.want)
			}
		})
	}
}
