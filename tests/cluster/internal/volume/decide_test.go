// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubestash.com/kubestash/tests/cluster/internal/plan"
)

func claim(change func(*corev1.PersistentVolumeClaim)) *corev1.PersistentVolumeClaim {
	c := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
		Namespace: "ns", Name: "data", UID: "u-1",
		Annotations: map[string]string{annotationProvisioner: plan.Provisioner, annotationNode: "node1"},
	}}
	c.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	if change != nil {
		change(c)
	}
	return c
}

func class(mode storagev1.VolumeBindingMode) *storagev1.StorageClass {
	return &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "standard"}, Provisioner: plan.Provisioner, VolumeBindingMode: &mode}
}

func TestWants(t *testing.T) {
	late, immediate := class(storagev1.VolumeBindingWaitForFirstConsumer), class(storagev1.VolumeBindingImmediate)
	foreign := class(storagev1.VolumeBindingImmediate)
	foreign.Provisioner = "example.com/other"
	for sentence, c := range map[string]struct {
		change func(*corev1.PersistentVolumeClaim)
		class  *storagev1.StorageClass
		want   bool
	}{
		"a claim whose pod has a node":                 {nil, late, true},
		"a claim without a pod waits":                  {func(c *corev1.PersistentVolumeClaim) { delete(c.Annotations, annotationNode) }, late, false},
		"a claim without a pod, bound at once":         {func(c *corev1.PersistentVolumeClaim) { delete(c.Annotations, annotationNode) }, immediate, true},
		"a claim that has its volume":                  {func(c *corev1.PersistentVolumeClaim) { c.Spec.VolumeName = "pv" }, late, false},
		"a claim that is being deleted":                {func(c *corev1.PersistentVolumeClaim) { c.DeletionTimestamp = &metav1.Time{} }, late, false},
		"a claim of another provisioner":               {func(c *corev1.PersistentVolumeClaim) { c.Annotations[annotationProvisioner] = "x" }, late, false},
		"a claim whose class is another provisioner's": {nil, foreign, false},
		"a claim whose class is gone":                  {nil, nil, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := wants(claim(c.change), c.class); got != c.want {
				t.Errorf("wants = %t", got)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	block := corev1.PersistentVolumeBlock
	for sentence, change := range map[string]func(*corev1.PersistentVolumeClaim){
		"a block device": func(c *corev1.PersistentVolumeClaim) { c.Spec.VolumeMode = &block },
		"many writers": func(c *corev1.PersistentVolumeClaim) {
			c.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany}
		},
		"a selector": func(c *corev1.PersistentVolumeClaim) { c.Spec.Selector = &metav1.LabelSelector{} },
	} {
		if err := check(claim(change)); err == nil {
			t.Errorf("%s isn't refused", sentence)
		}
	}
	if err := check(claim(nil)); err != nil {
		t.Errorf("an ordinary claim is refused: %v", err)
	}
}

func TestBuild(t *testing.T) {
	retain := corev1.PersistentVolumeReclaimRetain
	c := class(storagev1.VolumeBindingWaitForFirstConsumer)
	c.ReclaimPolicy = &retain
	pv := build(claim(nil), c, "node1", "/state/node1/pv/x")
	terms := pv.Spec.NodeAffinity.Required.NodeSelectorTerms
	if terms[0].MatchExpressions[0].Values[0] != "node1" || pv.Spec.Local.Path != "/state/node1/pv/x" {
		t.Errorf("the volume is at %v, %+v", terms, pv.Spec.Local)
	}
	if pv.Spec.ClaimRef.UID != "u-1" || pv.Spec.StorageClassName != "standard" || pv.Spec.PersistentVolumeReclaimPolicy != retain {
		t.Errorf("got %+v", pv.Spec)
	}
	if pv.Annotations[annotationProvisionedBy] != plan.Provisioner {
		t.Error("Kubernetes would try to delete the volume itself")
	}
}

func TestOwned(t *testing.T) {
	if err := owned("/state", folder("/state", "node0", claim(nil))); err != nil {
		t.Errorf("our own folder is refused: %v", err)
	}
	for _, path := range []string{
		"/", "/state", "/state/node0/pv", "/state/node0/pv/pvc-1/deeper", "/state/node0/pv/../../etc", "/etc", "/state/pki/pv/pvc-1",
		"/state/node0/pv/notes", "/stateful/node0/pv/pvc-1",
	} {
		if err := owned("/state", path); err == nil {
			t.Errorf("%s would be deleted", path)
		}
	}
}

func TestIsFinished(t *testing.T) {
	pv := build(claim(nil), class(storagev1.VolumeBindingImmediate), "node0", "/p")
	if isFinished(pv) {
		t.Error("a new volume counts as finished")
	}
	pv.Status.Phase = corev1.VolumeReleased
	if !isFinished(pv) {
		t.Error("a released volume doesn't count as finished")
	}
	pv.Spec.PersistentVolumeReclaimPolicy = corev1.PersistentVolumeReclaimRetain
	if isFinished(pv) {
		t.Error("a volume to retain counts as finished")
	}
}
