// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kept

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

func TestOfATargetTheCacheHoldsWhatIsAskedOfUs(t *testing.T) {
	read := metadataOnly("apps", "Deployment")
	read.ObjectMeta = metav1.ObjectMeta{
		Namespace: "shop", Name: "web", UID: "uid", ResourceVersion: "7", Generation: 3, DeletionTimestamp: ptr.To(metav1.NewTime(time.Unix(1_800_000_000, 0))),
		Labels: map[string]string{"app": "web"}, Finalizers: []string{"example.com/theirs"},
		OwnerReferences: []metav1.OwnerReference{{Name: "owner"}}, ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl"}},
		Annotations: map[string]string{
			metav1alpha1.AnnotationBlueprintName: "nightly", metav1alpha1.AnnotationBlueprintSessionNames: "daily",
			"variables.kubestash.com/schedule": "5 * * * *", corev1.LastAppliedConfigAnnotation: "{}", "deployment.kubernetes.io/revision": "7",
		},
	}
	want := metadataOnly("apps", "Deployment")
	want.ObjectMeta = metav1.ObjectMeta{
		Namespace: "shop", Name: "web", UID: "uid", ResourceVersion: "7", DeletionTimestamp: read.DeletionTimestamp,
		Annotations: map[string]string{
			metav1alpha1.AnnotationBlueprintName: "nightly", metav1alpha1.AnnotationBlueprintSessionNames: "daily",
			"variables.kubestash.com/schedule": "5 * * * *",
		},
	}
	got, err := target(read)
	if err != nil || !equality.Semantic.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if again, err := target(got); err != nil || !equality.Semantic.DeepEqual(again, want) {
		t.Errorf("what comes again became %+v, %v", again, err)
	}
	if other, err := target("a tombstone"); err != nil || other != "a tombstone" {
		t.Errorf("what is no metadata became %v, %v", other, err)
	}
}
