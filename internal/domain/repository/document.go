// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"fmt"
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// lastApplied is kubectl's copy of what a user applied: it would double each document.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// Document is the YAML copy of a Repository that lies beside its data. It holds no status: that is derived from
// the Snapshots, whose documents lie there too.
func Document(r *storagev1alpha1.Repository) ([]byte, error) {
	copied := storagev1alpha1.Repository{
		TypeMeta:   typeMeta(storagev1alpha1.KindRepository),
		ObjectMeta: portable(r.ObjectMeta),
		Spec:       *r.Spec.DeepCopy(),
	}
	return encode(copied)
}

// SnapshotDocument is the YAML copy of a Snapshot that lies beside its data, status included: a restore needs it.
func SnapshotDocument(s *storagev1alpha1.Snapshot) ([]byte, error) {
	return encode(Portable(s))
}

// Portable copies what of a Snapshot means the same in another cluster: what its document holds.
func Portable(s *storagev1alpha1.Snapshot) *storagev1alpha1.Snapshot {
	return &storagev1alpha1.Snapshot{
		TypeMeta:   typeMeta(storagev1alpha1.KindSnapshot),
		ObjectMeta: portable(s.ObjectMeta),
		Spec:       *s.Spec.DeepCopy(),
		Status:     *s.Status.DeepCopy(),
	}
}

// portable keeps what means the same in another cluster.
func portable(m metav1.ObjectMeta) metav1.ObjectMeta {
	annotations := maps.Clone(m.Annotations)
	delete(annotations, lastApplied)
	delete(annotations, metav1alpha1.AnnotationForgotten)
	delete(annotations, metav1alpha1.AnnotationReadFrom)
	return metav1.ObjectMeta{
		Name: m.Name, Namespace: m.Namespace, Labels: maps.Clone(m.Labels), Annotations: annotations,
	}
}

func typeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: storagev1alpha1.GroupVersion.String(), Kind: kind}
}

func encode(obj any) ([]byte, error) {
	out, err := yaml.Marshal(obj)
	if err != nil {
		return nil, fmt.Errorf("encoding %T: %w", obj, err)
	}
	return out, nil
}
