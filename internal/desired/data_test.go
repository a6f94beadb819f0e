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
	"kubestash.com/kubestash/internal/domain/application"
)

func TestDataOf(t *testing.T) {
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
		part      application.Part
		plan      addon.Plan
		selected  *corev1alpha1.TargetVolumeInfo
		wantPaths []string
		wantError string
	}{
		"a Deployment's mounts are its data": {
			part: application.Part{Pod: pod}, plan: workload, wantPaths: []string{"/srv"},
		},
		"a claim is mounted by the task": {
			part: application.Part{Claim: "files"}, plan: claim, wantPaths: []string{"/kubestash-data"},
		},
		"a claim and a task that mounts none": {
			part: application.Part{Claim: "files"}, plan: workload, wantError: "pvc-addon",
		},
		"targetVolumes chooses": {
			part: application.Part{Pod: pod}, plan: workload,
			selected:  &corev1alpha1.TargetVolumeInfo{VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: "/elsewhere"}}},
			wantPaths: []string{"/elsewhere"},
		},
		"a claim may be mounted elsewhere, by the name of the task's volume": {
			part: application.Part{Claim: "files"}, plan: claim,
			selected:  &corev1alpha1.TargetVolumeInfo{VolumeMounts: []corev1.VolumeMount{{Name: "v", MountPath: "/source/data"}}},
			wantPaths: []string{"/source/data"},
		},
		"volumes that nothing mounts are refused, not ignored": {
			part: application.Part{Pod: pod}, plan: workload,
			selected:  &corev1alpha1.TargetVolumeInfo{Volumes: []metav1alpha1.Volume{{Name: "own"}}},
			wantError: "mounted nowhere",
		},
		"no target, and nothing that takes its place": {
			part: application.Part{}, plan: workload, wantError: "no target",
		},
		"a Function with a command is refused": {
			part: application.Part{Pod: pod}, plan: producer, wantError: "dump",
		},
		"another driver is refused": {
			part: application.Part{Pod: pod}, plan: snapshotter, wantError: "VolumeSnapshotter",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := dataOf(tc.part, tc.plan, tc.selected, nil, true)
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
