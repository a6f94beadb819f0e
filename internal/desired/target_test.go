// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
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
		// wantVolumes counts those that are no claims.
		wantVolumes int
		wantError   string
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
		"two containers with different volumes at one path are not guessed about": {
			pod: corev1.PodSpec{
				Volumes: []corev1.Volume{claimVolume("data"), claimVolume("other")},
				Containers: []corev1.Container{
					mounting(corev1.VolumeMount{Name: "data", MountPath: "/srv"}), mounting(corev1.VolumeMount{Name: "other", MountPath: "/srv/"}),
				},
			},
			wantError: `"data" and "other"`,
		},
		"a block device is not left out without a word": {
			pod: corev1.PodSpec{
				Volumes: []corev1.Volume{claimVolume("data"), claimVolume("raw")},
				Containers: []corev1.Container{{
					VolumeMounts:  []corev1.VolumeMount{{Name: "data", MountPath: "/srv"}},
					VolumeDevices: []corev1.VolumeDevice{{Name: "raw", DevicePath: "/dev/raw"}},
				}},
			},
			wantError: "block device",
		},
		"a disk that the template names itself is data": {
			pod: corev1.PodSpec{
				Volumes:    []corev1.Volume{{Name: "rbd", VolumeSource: corev1.VolumeSource{RBD: &corev1.RBDVolumeSource{}}}},
				Containers: []corev1.Container{mounting(corev1.VolumeMount{Name: "rbd", MountPath: "/srv"})},
			},
			wantPaths: []string{"/srv"}, wantVolumes: 1,
		},
		"what Kubernetes or the pod itself keeps is not": {
			pod: corev1.PodSpec{
				Volumes: []corev1.Volume{
					{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
					{Name: "csi", VolumeSource: corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{}}}, claimVolume("data"),
				},
				Containers: []corev1.Container{mounting(corev1.VolumeMount{Name: "tmp", MountPath: "/tmp"},
					corev1.VolumeMount{Name: "csi", MountPath: "/secrets"}, corev1.VolumeMount{Name: "data", MountPath: "/srv"})},
			},
			wantPaths: []string{"/srv"}, wantClaim: []string{"data-claim"},
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
			if len(got.Volumes) != len(got.Claims)+tc.wantVolumes {
				t.Errorf("got %d volumes for %d claims", len(got.Volumes), len(got.Claims))
			}
		})
	}
}

func TestSelectTarget(t *testing.T) {
	source := func(v corev1.VolumeSource) corev1.Volume { return corev1.Volume{Name: "v", VolumeSource: v} }
	readOnlyClaim := claimVolume("v")
	readOnlyClaim.PersistentVolumeClaim.ReadOnly = true
	at := func(name, mountPath string) corev1.VolumeMount {
		return corev1.VolumeMount{Name: name, MountPath: mountPath}
	}
	for sentence, c := range map[string]struct {
		candidates []corev1.Volume
		mounts     []corev1.VolumeMount
		restoring  bool
		want       []string
		wantError  string
	}{
		"volumes at paths of the user's choice":       {[]corev1.Volume{claimVolume("a"), claimVolume("b")}, []corev1.VolumeMount{at("b", "/y"), at("a", "/x/")}, false, []string{"/x", "/y"}, ""},
		"a name that isn't there":                     {[]corev1.Volume{claimVolume("data"), claimVolume("other")}, []corev1.VolumeMount{at("dta", "/x")}, false, nil, "it has: data, other"},
		"two volumes at one path":                     {[]corev1.Volume{claimVolume("a"), claimVolume("b")}, []corev1.VolumeMount{at("a", "/x"), at("b", "/x/")}, false, nil, "two volumes at /x"},
		"an emptyDir would be another one":            {[]corev1.Volume{source(corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}})}, []corev1.VolumeMount{at("v", "/x")}, false, nil, "an emptyDir"},
		"so would a volume of no source":              {[]corev1.Volume{source(corev1.VolumeSource{})}, []corev1.VolumeMount{at("v", "/x")}, true, nil, "an emptyDir"},
		"an ephemeral claim would be another one":     {[]corev1.Volume{source(corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}})}, []corev1.VolumeMount{at("v", "/x")}, false, nil, "ephemeral"},
		"a ConfigMap can be read":                     {[]corev1.Volume{source(corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}})}, []corev1.VolumeMount{at("v", "/x")}, false, []string{"/x"}, ""},
		"and not be written":                          {[]corev1.Volume{source(corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}})}, []corev1.VolumeMount{at("v", "/x")}, true, nil, "nothing can be restored into it"},
		"a restore writes what its target only reads": {[]corev1.Volume{readOnlyClaim}, []corev1.VolumeMount{{Name: "v", MountPath: "/x", ReadOnly: true}}, true, []string{"/x"}, ""},
		"our own folders are ours":                    {[]corev1.Volume{claimVolume("a")}, []corev1.VolumeMount{at("a", "/kubestash/task")}, false, nil, "uses itself"},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := selectTarget(c.candidates, c.mounts, !c.restoring)
			if c.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), c.wantError) {
					t.Fatalf("got error %v, want one with %q", err, c.wantError)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Paths, c.want) {
				t.Errorf("got paths %v, want %v", got.Paths, c.want)
			}
			for i, m := range got.Mounts {
				if m.ReadOnly == c.restoring {
					t.Errorf("mount %d is read-only: %v", i, m.ReadOnly)
				}
			}
			for _, v := range got.Volumes {
				if p := v.PersistentVolumeClaim; p != nil && p.ReadOnly && c.restoring {
					t.Error("the volume is read-only")
				}
			}
		})
	}
	if !readOnlyClaim.PersistentVolumeClaim.ReadOnly {
		t.Error("the target's own volume was changed")
	}
}
