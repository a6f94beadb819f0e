// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/application"
)

// Target is what is backed up, or restored into.
type Target struct {
	application.Application
	UID string
	// Selector finds the pods of a workload; nil for a PersistentVolumeClaim.
	Selector map[string]string
}

// UnsupportedTargetError says that a kind can't be backed up.
type UnsupportedTargetError struct{ Group, Kind string }

func (e *UnsupportedTargetError) Error() string {
	kind := e.Kind
	if e.Group != "" {
		kind += "." + e.Group
	}
	instead := ""
	if e.Kind == metav1alpha1.KindJob || e.Kind == "CronJob" || e.Kind == "Pod" {
		instead = "; what it leaves behind is in its PersistentVolumeClaims: name one of them as the target, with pvc-addon"
	}
	return fmt.Sprintf("targets of kind %s are not supported; supported are Deployment, StatefulSet, DaemonSet, ReplicaSet, "+
		"ReplicationController and PersistentVolumeClaim%s", kind, instead)
}

// ReadTarget reads a target past the cache, which keeps no pod templates. The namespace is used where the
// reference names none. Workloads are found by their kind also when the group was left out.
func ReadTarget(ctx context.Context, live client.Reader, ref metav1alpha1.TypedObjectReference, namespace string) (*Target, bool, error) {
	at := client.ObjectKey{Namespace: cmp.Or(ref.Namespace, namespace), Name: ref.Name}
	var read func(context.Context, client.Reader, client.ObjectKey) (*Target, bool, error)
	if ref.APIGroup == "" || ref.APIGroup == appsv1.GroupName {
		read = workloads[ref.Kind]
	}
	if ref.APIGroup == "" && cores[ref.Kind] != nil {
		read = cores[ref.Kind]
	}
	if read == nil {
		return nil, false, &UnsupportedTargetError{Group: ref.APIGroup, Kind: ref.Kind}
	}
	target, found, err := read(ctx, live, at)
	if err != nil || !found {
		return nil, false, err
	}
	target.Kind, target.Namespace, target.Name = ref.Kind, at.Namespace, at.Name
	return target, true, nil
}

var workloads = map[string]func(context.Context, client.Reader, client.ObjectKey) (*Target, bool, error){
	metav1alpha1.KindDeployment:  readDeployment,
	metav1alpha1.KindStatefulSet: readStatefulSet,
	metav1alpha1.KindDaemonSet:   readDaemonSet,
	metav1alpha1.KindReplicaSet:  readReplicaSet,
}

// cores are the kinds of the core group.
var cores = map[string]func(context.Context, client.Reader, client.ObjectKey) (*Target, bool, error){
	metav1alpha1.KindPersistentVolumeClaim: readClaim,
	metav1alpha1.KindReplicationController: readReplicationController,
}

// replicated is a workload of so many pods made of one template.
func replicated(o client.Object, template *corev1.PodTemplateSpec, replicas *int32, selector map[string]string) *Target {
	return &Target{
		Application: application.Application{Pod: &template.Spec, Replicas: replicas}, UID: string(o.GetUID()), Selector: selector,
	}
}

func readDeployment(ctx context.Context, live client.Reader, at client.ObjectKey) (*Target, bool, error) {
	o, found, err := Get[appsv1.Deployment](ctx, live, at.Namespace, at.Name)
	if err != nil || !found {
		return nil, false, err
	}
	return replicated(o, &o.Spec.Template, o.Spec.Replicas, o.Spec.Selector.MatchLabels), true, nil
}

func readReplicaSet(ctx context.Context, live client.Reader, at client.ObjectKey) (*Target, bool, error) {
	o, found, err := Get[appsv1.ReplicaSet](ctx, live, at.Namespace, at.Name)
	if err != nil || !found {
		return nil, false, err
	}
	return replicated(o, &o.Spec.Template, o.Spec.Replicas, o.Spec.Selector.MatchLabels), true, nil
}

func readReplicationController(ctx context.Context, live client.Reader, at client.ObjectKey) (*Target, bool, error) {
	o, found, err := Get[corev1.ReplicationController](ctx, live, at.Namespace, at.Name)
	if err != nil || !found || o.Spec.Template == nil {
		return nil, false, err
	}
	return replicated(o, o.Spec.Template, o.Spec.Replicas, o.Spec.Selector), true, nil
}

func readStatefulSet(ctx context.Context, live client.Reader, at client.ObjectKey) (*Target, bool, error) {
	o, found, err := Get[appsv1.StatefulSet](ctx, live, at.Namespace, at.Name)
	if err != nil || !found {
		return nil, false, err
	}
	t := replicated(o, &o.Spec.Template, o.Spec.Replicas, o.Spec.Selector.MatchLabels)
	for _, c := range o.Spec.VolumeClaimTemplates {
		t.ClaimTemplates = append(t.ClaimTemplates, c.Name)
	}
	if o.Spec.Ordinals != nil {
		t.FirstOrdinal = o.Spec.Ordinals.Start
	}
	return t, true, nil
}

func readDaemonSet(ctx context.Context, live client.Reader, at client.ObjectKey) (*Target, bool, error) {
	o, found, err := Get[appsv1.DaemonSet](ctx, live, at.Namespace, at.Name)
	if err != nil || !found {
		return nil, false, err
	}
	nodes, err := nodesOf(ctx, live, o)
	return &Target{
		Application: application.Application{Pod: &o.Spec.Template.Spec, Nodes: nodes},
		UID:         string(o.UID), Selector: o.Spec.Selector.MatchLabels,
	}, true, err
}

func readClaim(ctx context.Context, live client.Reader, at client.ObjectKey) (*Target, bool, error) {
	o, found, err := Get[corev1.PersistentVolumeClaim](ctx, live, at.Namespace, at.Name)
	if err != nil || !found {
		return nil, false, err
	}
	return &Target{UID: string(o.UID)}, true, nil
}

// nodesOf are the nodes on which a DaemonSet's pods run.
func nodesOf(ctx context.Context, live client.Reader, o *appsv1.DaemonSet) ([]string, error) {
	var pods corev1.PodList
	if err := live.List(ctx, &pods, client.InNamespace(o.Namespace), client.MatchingLabels(o.Spec.Selector.MatchLabels)); err != nil {
		return nil, fmt.Errorf("listing pods of DaemonSet %s/%s: %w", o.Namespace, o.Name, err)
	}
	nodes := map[string]bool{}
	for _, p := range pods.Items {
		if metav1.IsControlledBy(&p, o) && p.Spec.NodeName != "" && p.DeletionTimestamp.IsZero() {
			nodes[p.Spec.NodeName] = true
		}
	}
	return slices.Sorted(maps.Keys(nodes)), nil
}
