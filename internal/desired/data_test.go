// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/addon"
)

func TestData(t *testing.T) {
	pod := &corev1.PodSpec{
		Volumes:    []corev1.Volume{claimVolume("data")},
		Containers: []corev1.Container{mounting(corev1.VolumeMount{Name: "data", MountPath: "/srv"})},
	}
	workload := addon.Plan{Task: "logical-backup", Driver: metav1alpha1.DriverRestic}
	claim := workload
	claim.Volumes = []addon.Volume{{Name: "v", Source: metav1alpha1.AddonVolumeSource{VolumeSource: metav1alpha1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "files"},
	}}}}
	claim.VolumeMounts = []corev1.VolumeMount{{Name: "v", MountPath: "/kubestash-data"}}
	producer := workload
	producer.Function = addon.Function{Name: "dump", Command: []string{"pg_dump"}}
	snapshotter := workload
	snapshotter.Driver = "VolumeSnapshotter"

	for name, tc := range map[string]struct {
		app       Application
		plan      addon.Plan
		selected  *corev1alpha1.TargetVolumeInfo
		wantPaths []string
		wantError string
	}{
		"a Deployment's mounts are its data": {
			app: Application{Kind: "Deployment", Pod: pod}, plan: workload, wantPaths: []string{"/srv"},
		},
		"a claim is mounted by the task": {
			app: Application{Kind: "PersistentVolumeClaim", Name: "files"}, plan: claim, wantPaths: []string{"/kubestash-data"},
		},
		"a claim and a task that mounts none": {
			app: Application{Kind: "PersistentVolumeClaim", Name: "files"}, plan: workload, wantError: "pvc-addon",
		},
		"targetVolumes chooses": {
			app: Application{Kind: "Deployment", Pod: pod}, plan: workload,
			selected:  &corev1alpha1.TargetVolumeInfo{VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: "/elsewhere"}}},
			wantPaths: []string{"/elsewhere"},
		},
		"volumeClaimTemplates are refused, not ignored": {
			app: Application{Kind: "Deployment", Pod: pod}, plan: workload,
			selected:  &corev1alpha1.TargetVolumeInfo{VolumeClaimTemplates: []metav1alpha1.PersistentVolumeClaim{{}}},
			wantError: "volumeClaimTemplates",
		},
		"a StatefulSet is refused with what to do": {
			app: Application{Kind: "StatefulSet", Pod: pod}, plan: workload, wantError: "pvc-addon",
		},
		"a Function with a command is refused": {
			app: Application{Kind: "Deployment", Pod: pod}, plan: producer, wantError: "dump",
		},
		"another driver is refused": {
			app: Application{Kind: "Deployment", Pod: pod}, plan: snapshotter, wantError: "VolumeSnapshotter",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Data(tc.app, tc.plan, tc.selected, true)
			if tc.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantError) {
					t.Fatalf("got error %v, want one with %q", err, tc.wantError)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Paths, tc.wantPaths) {
				t.Errorf("got paths %v, want %v", got.Paths, tc.wantPaths)
			}
		})
	}
}
