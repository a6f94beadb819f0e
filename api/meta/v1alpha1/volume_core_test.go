// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// notOurs are the sources of a pod's volume that the published API leaves out.
var notOurs = map[string]bool{"GitRepo": true, "Image": true}

func TestEverySourceOfAPodIsOursAndIsTakenOver(t *testing.T) {
	core := reflect.TypeFor[corev1.VolumeSource]()
	for i := range core.NumField() {
		name := core.Field(i).Name
		if notOurs[name] {
			continue
		}
		t.Run(name, func(t *testing.T) {
			source := VolumeSource{}
			f := reflect.ValueOf(&source).Elem().FieldByName(name)
			if !f.IsValid() {
				t.Fatal("the field is missing: Kubernetes has a new source, or ours was lost")
			}
			f.Set(reflect.New(f.Type().Elem()))
			got := source.ToCore()
			want := corev1.VolumeSource{}
			w := reflect.ValueOf(&want).Elem().FieldByName(name)
			w.Set(reflect.New(w.Type().Elem()))
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestAClaimTemplateBecomesAnEphemeralVolumeWithItsLabelsOnly(t *testing.T) {
	class := "standard"
	template := &PersistentVolumeClaimTemplate{
		Metadata: PartialObjectMeta{Name: "lost", Namespace: "lost", Labels: map[string]string{"a": "b"}, Annotations: map[string]string{"c": "d"}},
		Spec:     corev1.PersistentVolumeClaimSpec{StorageClassName: &class},
	}
	for name, got := range map[string]corev1.VolumeSource{
		"as an addon's volume": AddonVolumeSource{
			VolumeSource:        VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}},
			VolumeClaimTemplate: template,
		}.ToCore(),
		"as an ephemeral volume": VolumeSource{Ephemeral: &EphemeralVolumeSource{VolumeClaimTemplate: template}}.ToCore(),
	} {
		t.Run(name, func(t *testing.T) {
			want := corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{VolumeClaimTemplate: &corev1.PersistentVolumeClaimTemplate{Spec: template.Spec}}}
			want.Ephemeral.VolumeClaimTemplate.Labels = map[string]string{"a": "b"}
			want.Ephemeral.VolumeClaimTemplate.Annotations = map[string]string{"c": "d"}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestAnAddonVolumeWithoutATemplateIsItsSource(t *testing.T) {
	source := AddonVolumeSource{VolumeSource: VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/x"}}}
	got := Volume{Name: "v", VolumeSource: source.VolumeSource}.ToCore()
	want := corev1.Volume{Name: "v", VolumeSource: source.ToCore()}
	if !reflect.DeepEqual(got, want) || got.HostPath == nil || got.HostPath.Path != "/x" {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
