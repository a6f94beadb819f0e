// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"reflect"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestTheCacheHoldsNoPodTemplateOfACronJob(t *testing.T) {
	kept := batchv1.CronJob{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "trigger", UID: "uid", Labels: map[string]string{"a": "b"}},
		Spec: batchv1.CronJobSpec{
			Schedule:    "5 * * * *",
			JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{ManagedBy: ptr.To("kubestash.com/trigger")}},
		},
	}
	read := kept.DeepCopy()
	read.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubestash"}}
	read.Spec.JobTemplate.Spec.Template.Spec.Containers = []corev1.Container{{Name: "slot"}}
	read.Status.LastScheduleTime = new(metav1.Now())
	got, err := dropPodTemplate(read)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, &kept) {
		t.Errorf("the cache holds %+v", got)
	}
	if other, err := dropPodTemplate("a tombstone"); err != nil || other != "a tombstone" {
		t.Errorf("what isn't a CronJob became %v, %v", other, err)
	}
}
