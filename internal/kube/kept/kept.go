// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kept

import (
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// Options are those of the manager's cache. Of what others may have too, only what carries our label is in it: Jobs, Pods, CronJobs. Of
// CronJobs and of what users own there are the metadata. Secrets, namespaces and whole claims are never in it: NotCached.
func Options() cache.Options {
	ours := labels.SelectorFromSet(labels.Set{metav1alpha1.LabelManagedBy: metav1alpha1.ManagedByKubeStash})
	return cache.Options{
		DefaultTransform: Tight,
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Pod{}:                             {Label: ours},
			&batchv1.Job{}:                            {Label: ours},
			metadataOnly("batch", "CronJob"):          {Label: ours},
			metadataOnly("apps", "Deployment"):        {Transform: target},
			metadataOnly("apps", "StatefulSet"):       {Transform: target},
			metadataOnly("apps", "DaemonSet"):         {Transform: target},
			metadataOnly("", "PersistentVolumeClaim"): {Transform: target},
		},
	}
}

// NotCached are kinds that the manager's client reads at the API server.
func NotCached() []client.Object {
	return []client.Object{&corev1.Secret{}, &corev1.Namespace{}, &corev1.PersistentVolumeClaim{}}
}

func metadataOnly(group, kind string) *metav1.PartialObjectMetadata {
	m := &metav1.PartialObjectMetadata{}
	m.SetGroupVersionKind(schema.GroupVersionKind{Group: group, Version: "v1", Kind: kind})
	return m
}

// domain is in the keys of all annotations that mean something to us.
const domain = "kubestash.com/"

// target keeps of what users may back up who it is, and what its annotations ask of us: a cluster holds far more of these than are backed up.
func target(obj any) (any, error) {
	m, ok := obj.(*metav1.PartialObjectMetadata)
	if !ok {
		return obj, nil
	}
	out := &metav1.PartialObjectMetadata{TypeMeta: m.TypeMeta, ObjectMeta: metav1.ObjectMeta{
		Namespace: m.Namespace, Name: m.Name, UID: m.UID, ResourceVersion: m.ResourceVersion, DeletionTimestamp: m.DeletionTimestamp,
	}}
	for key, value := range m.Annotations {
		if strings.Contains(key, domain) {
			metav1.SetMetaDataAnnotation(&out.ObjectMeta, key, value)
		}
	}
	return tighten(out), nil
}
