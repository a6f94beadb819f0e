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
)

func claimVolume(name string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name + "-claim"},
	}}
}

func mounting(mounts ...corev1.VolumeMount) corev1.Container {
	return corev1.Container{VolumeMounts: mounts}
}

func TestDiscoverTarget(t *testing.T) {
	config := corev1.Volume{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}}}
	for name, tc := range map[string]struct {
		pod       corev1.PodSpec
		wantPaths []string
		wantClaim []string
		wantError string
	}{
		"a claim that is mounted is data": {
			pod: corev1.PodSpec{
				Volumes:    []corev1.Volume{claimVolume("data")},
				Containers: []corev1.Container{mounting(corev1.VolumeMount{Name: "data", MountPath: "/srv/"})},
			},
			wantPaths: []string{"/srv"}, wantClaim: []string{"data-claim"},
		},
		"a ConfigMap, and a claim that nobody mounts, are not": {
			pod: corev1.PodSpec{
				Volumes: []corev1.Volume{claimVolume("data"), claimVolume("idle"), config},
				Containers: []corev1.Container{mounting(
					corev1.VolumeMount{Name: "config", MountPath: "/etc/app"}, corev1.VolumeMount{Name: "data", MountPath: "/srv"},
				)},
			},
			wantPaths: []string{"/srv"}, wantClaim: []string{"data-claim"},
		},
		"two containers that share a mount count once": {
			pod: corev1.PodSpec{
				Volumes: []corev1.Volume{claimVolume("data")},
				Containers: []corev1.Container{
					mounting(corev1.VolumeMount{Name: "data", MountPath: "/srv"}), mounting(corev1.VolumeMount{Name: "data", MountPath: "/srv"}),
				},
			},
			wantPaths: []string{"/srv"}, wantClaim: []string{"data-claim"},
		},
		"one claim at two paths is one volume": {
			pod: corev1.PodSpec{
				Volumes: []corev1.Volume{claimVolume("data")},
				Containers: []corev1.Container{mounting(
					corev1.VolumeMount{Name: "data", MountPath: "/b", SubPath: "b"}, corev1.VolumeMount{Name: "data", MountPath: "/a", SubPath: "a"},
				)},
			},
			wantPaths: []string{"/a", "/b"}, wantClaim: []string{"data-claim"},
		},
		"no data is an error that says what to do": {
			pod: corev1.PodSpec{
				Volumes:    []corev1.Volume{config},
				Containers: []corev1.Container{mounting(corev1.VolumeMount{Name: "config", MountPath: "/etc/app"})},
			},
			wantError: "targetVolumes",
		},
		"a path that is made of the target's environment is refused": {
			pod: corev1.PodSpec{
				Volumes:    []corev1.Volume{claimVolume("data")},
				Containers: []corev1.Container{mounting(corev1.VolumeMount{Name: "data", MountPath: "/srv", SubPathExpr: "$(POD_NAME)"})},
			},
			wantError: "subPathExpr",
		},
		"data where our own volumes are is refused": {
			pod: corev1.PodSpec{
				Volumes:    []corev1.Volume{claimVolume("data")},
				Containers: []corev1.Container{mounting(corev1.VolumeMount{Name: "data", MountPath: "/kubestash-tmp/x"})},
			},
			wantError: "uses itself",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := DiscoverTarget(&tc.pod, true)
			if tc.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantError) {
					t.Fatalf("got error %v, want one with %q", err, tc.wantError)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Paths, tc.wantPaths) || !slices.Equal(got.Claims, tc.wantClaim) {
				t.Errorf("got paths %v and claims %v, want %v and %v", got.Paths, got.Claims, tc.wantPaths, tc.wantClaim)
			}
			for _, m := range got.Mounts {
				if !m.ReadOnly {
					t.Errorf("mount %s is writable", m.MountPath)
				}
			}
			if len(got.Volumes) != len(got.Claims) {
				t.Errorf("got %d volumes for %d claims", len(got.Volumes), len(got.Claims))
			}
		})
	}
}

func TestSelectTarget(t *testing.T) {
	pod := &corev1.PodSpec{Volumes: []corev1.Volume{claimVolume("data"), claimVolume("other")}}
	selected := &corev1alpha1.TargetVolumeInfo{
		Volumes: []metav1alpha1.Volume{{Name: "own", VolumeSource: metav1alpha1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "mine"},
		}}},
		VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: "/source/data"}, {Name: "own", MountPath: "/own"}},
	}
	got, err := SelectTarget(pod, selected, false)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"/own", "/source/data"}; !slices.Equal(got.Paths, want) {
		t.Errorf("got paths %v, want %v", got.Paths, want)
	}
	if want := []string{"data-claim", "mine"}; !slices.Equal(got.Claims, want) {
		t.Errorf("got claims %v, want %v", got.Claims, want)
	}

	selected.VolumeMounts[0].Name = "dta"
	if _, err := SelectTarget(pod, selected, false); err == nil || !strings.Contains(err.Error(), "data, other, own") {
		t.Errorf("got error %v, want one that lists the volumes there are", err)
	}
}
