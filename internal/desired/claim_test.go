// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/addon"
	"kubestash.com/kubestash/internal/domain/application"
)

// restoring is a request for a task that, with mounting, mounts ${PVC_NAME} at /kubestash-data.
func restoring(volumes *corev1alpha1.TargetVolumeInfo, mounting bool) addon.Request {
	task := addonsv1alpha1.Task{Name: "logical-backup-restore", Function: "f"}
	if mounting {
		task.VolumeTemplate = []addonsv1alpha1.VolumeTemplate{{Name: "kubestash-data-volume", Source: &metav1alpha1.AddonVolumeSource{
			VolumeSource: metav1alpha1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "${PVC_NAME}"}},
		}}}
		task.VolumeMounts = []corev1.VolumeMount{{Name: "kubestash-data-volume", MountPath: "/kubestash-data"}}
	}
	return addon.Request{
		Addon:     &addonsv1alpha1.Addon{Spec: addonsv1alpha1.AddonSpec{RestoreTasks: []addonsv1alpha1.Task{task}}},
		Functions: map[string]*addonsv1alpha1.Function{"f": {}}, Direction: addon.Restore,
		Task: corev1alpha1.TaskReference{Name: task.Name, TargetVolumes: volumes},
		Vars: map[string]string{metav1alpha1.VarNamespace: "shop"},
	}
}

func template(name string) metav1alpha1.PersistentVolumeClaim {
	return metav1alpha1.PersistentVolumeClaim{Metadata: metav1alpha1.PartialObjectMeta{Name: name, Labels: map[string]string{"team": "shop"}}}
}

func TestARestoreMakesClaims(t *testing.T) {
	changed := func(change func(*metav1alpha1.PersistentVolumeClaim)) metav1alpha1.PersistentVolumeClaim {
		c := template("files")
		change(&c)
		return c
	}
	mount := func(name, at string) corev1.VolumeMount { return corev1.VolumeMount{Name: name, MountPath: at} }
	info := func(claims []metav1alpha1.PersistentVolumeClaim, mounts ...corev1.VolumeMount) *corev1alpha1.TargetVolumeInfo {
		return &corev1alpha1.TargetVolumeInfo{VolumeClaimTemplates: claims, VolumeMounts: mounts}
	}
	type claims = []metav1alpha1.PersistentVolumeClaim
	pod := &corev1.PodSpec{Volumes: []corev1.Volume{claimVolume("data")}}
	for sentence, c := range map[string]struct {
		app       application.Application
		volumes   *corev1alpha1.TargetVolumeInfo
		mounting  bool
		wanted    []string
		want      []string // component: claim at paths
		wantError string
	}{
		"one for each pod of a StatefulSet that isn't there": {
			volumes: info(claims{template("data-db-${POD_ORDINAL}")}, mount("data-db-${POD_ORDINAL}", "/data")),
			wanted:  []string{"dump-pod-0", "dump-pod-2"},
			want:    []string{"dump-pod-0: data-db-0 at [/data]", "dump-pod-2: data-db-2 at [/data]"},
		},
		"one for each node": {
			volumes: info(claims{template("files-${COMPONENT_NAME}")}, mount("files-${COMPONENT_NAME}", "/data")),
			wanted:  []string{"dump-n1"}, want: []string{"dump-n1: files-dump-n1 at [/data]"},
		},
		"several, each where it belongs": {
			volumes: info(claims{template("config"), template("files")}, mount("files", "/data"), mount("config", "/etc/app")),
			wanted:  []string{"dump"}, want: []string{"dump: config at [/etc/app]", "dump: files at [/data]"},
		},
		"in the place of a claim that pvc-addon restores into": {
			volumes: info(claims{template("files")}), mounting: true,
			wanted: []string{"dump"}, want: []string{"dump: files at [/kubestash-data]"},
		},
		"beside a target's own volumes": {
			app:     application.Application{Kind: "Deployment", Name: "web", Pod: pod},
			volumes: info(claims{template("files")}, mount("files", "/srv"), mount("data", "/data")),
			wanted:  []string{"dump"}, want: []string{"dump: files at [/srv]"},
		},
		"one claim for two components": {
			volumes: info(claims{template("files")}, mount("files", "/data")),
			wanted:  []string{"dump-pod-0", "dump-pod-1"}, wantError: "components dump-pod-0 and dump-pod-1 would both be restored into the new PersistentVolumeClaim files",
		},
		"an ordinal that isn't there": {
			volumes: info(claims{template("files-${POD_ORDINAL}")}), wanted: []string{"dump"}, wantError: "no value for ${POD_ORDINAL}",
		},
		"nothing says where they are mounted":    {volumes: info(claims{template("files")}), wanted: []string{"dump"}, wantError: "say under targetVolumes.volumeMounts"},
		"one of them is mounted nowhere":         {volumes: info(claims{template("files"), template("idle")}, mount("files", "/data")), wanted: []string{"dump"}, wantError: "PersistentVolumeClaim idle and mounts it nowhere"},
		"no target and no claims":                {wanted: []string{"dump"}, wantError: "no target and no targetVolumes.volumeClaimTemplates"},
		"a claim without a name":                 {volumes: info(claims{template("")}), wanted: []string{"dump"}, wantError: "needs metadata.name"},
		"a claim of another namespace":           {volumes: info(claims{changed(func(c *metav1alpha1.PersistentVolumeClaim) { c.Metadata.Namespace = "a" })}), wanted: []string{"dump"}, wantError: "would be in namespace a"},
		"a claim that would go with its owner":   {volumes: info(claims{changed(func(c *metav1alpha1.PersistentVolumeClaim) { c.Metadata.OwnerReferences = []metav1.OwnerReference{{}} })}), wanted: []string{"dump"}, wantError: "ownerReferences"},
		"a claim that something else would fill": {volumes: info(claims{changed(func(c *metav1alpha1.PersistentVolumeClaim) { c.Spec.DataSource = &corev1.TypedLocalObjectReference{} })}), wanted: []string{"dump"}, wantError: "dataSource"},
		"a claim that is a block device":         {volumes: info(claims{changed(func(c *metav1alpha1.PersistentVolumeClaim) { c.Spec.VolumeMode = ptr.To(corev1.PersistentVolumeBlock) })}), wanted: []string{"dump"}, wantError: "block device"},
		"something that is no claim":             {volumes: info(claims{changed(func(c *metav1alpha1.PersistentVolumeClaim) { c.Kind = "Secret" })}), wanted: []string{"dump"}, wantError: "no PersistentVolumeClaim"},
	} {
		t.Run(sentence, func(t *testing.T) {
			plans, err := PlanParts(c.app, restoring(c.volumes, c.mounting), c.wanted, false)
			if c.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), c.wantError) {
					t.Fatalf("got error %v, want one with %q", err, c.wantError)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range plans {
				for _, claim := range p.Data.NewClaims {
					got = append(got, fmt.Sprintf("%s: %s at %v", p.Part.Component, claim.Name, p.Data.ClaimPaths[claim.Name]))
					if claim.Namespace != "shop" || claim.Labels["team"] != "shop" {
						t.Errorf("got claim %+v", claim.ObjectMeta)
					}
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestABackupMakesNoClaims(t *testing.T) {
	request := restoring(&corev1alpha1.TargetVolumeInfo{VolumeClaimTemplates: []metav1alpha1.PersistentVolumeClaim{template("files")}}, false)
	_, err := PlanParts(application.Application{Kind: "Deployment", Pod: &corev1.PodSpec{}}, request, nil, true)
	if err == nil || !strings.Contains(err.Error(), "for a restore") {
		t.Errorf("got error %v", err)
	}
}

func TestAClaimIsItsSessionsAndNobodyOwnsIt(t *testing.T) {
	mine, other := &metav1.ObjectMeta{Name: "undo", UID: "1"}, &metav1.ObjectMeta{Name: "undo", UID: "2"}
	claim := Claim(corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "files"}}, mine)
	if !MadeBy(claim, mine) || MadeBy(claim, other) || MadeBy(&corev1.PersistentVolumeClaim{}, &metav1.ObjectMeta{}) {
		t.Errorf("got %v", claim.Annotations)
	}
	if len(claim.OwnerReferences) > 0 {
		t.Error("the claim would go with its session")
	}
}
