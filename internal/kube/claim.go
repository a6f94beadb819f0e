// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// ClaimUser is a running pod that mounts a PersistentVolumeClaim.
type ClaimUser struct {
	Pod, Node, Claim string
	// IsMover is true for a pod of ours.
	IsMover bool
	labels  labels.Set
}

// UsersOfClaims are the running pods that mount one of the claims, whoever started them.
func UsersOfClaims(ctx context.Context, live client.Reader, namespace string, claims []string) ([]ClaimUser, error) {
	if len(claims) == 0 {
		return nil, nil
	}
	var pods corev1.PodList
	if err := live.List(ctx, &pods, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("listing pods in %s: %w", namespace, err)
	}
	var out []ClaimUser
	for _, p := range pods.Items {
		if p.Spec.NodeName == "" || p.Status.Phase != corev1.PodRunning {
			continue
		}
		for _, c := range claimsOf(p.Spec) {
			if slices.Contains(claims, c) {
				out = append(out, ClaimUser{
					Pod: p.Name, Node: p.Spec.NodeName, Claim: c, labels: p.Labels,
					IsMover: p.Labels[metav1alpha1.LabelManagedBy] == metav1alpha1.ManagedByKubeStash,
				})
			}
		}
	}
	return out, nil
}

// NodeOfClaim returns the node on which a running pod uses one of the claims, so that another pod can mount a
// volume that only one node may have. Pods that the selector selects go before others. It is empty when no pod does.
func NodeOfClaim(ctx context.Context, live client.Reader, namespace string, selector map[string]string, claims []string) (string, error) {
	users, err := UsersOfClaims(ctx, live, namespace, claims)
	if err != nil || len(users) == 0 {
		return "", err
	}
	if len(selector) > 0 {
		for _, u := range users {
			if labels.SelectorFromSet(selector).Matches(u.labels) {
				return u.Node, nil
			}
		}
	}
	return users[0].Node, nil
}

// ClaimMover is a Job of ours that has not ended and mounts a target's PersistentVolumeClaim.
type ClaimMover struct {
	Job, Claim string
	// Component says what the Job is for: one of the JobComponent values. Invoker is the label of its session.
	Component, Invoker string
}

// MoversOnClaims are the Jobs of backups and restores that read or write one of the claims now. Storages and caches on
// claims don't count: several may use those.
func MoversOnClaims(ctx context.Context, live client.Reader, namespace string, claims []string) ([]ClaimMover, error) {
	if len(claims) == 0 {
		return nil, nil
	}
	var jobs batchv1.JobList
	if err := live.List(ctx, &jobs, client.InNamespace(namespace),
		client.MatchingLabels{metav1alpha1.LabelManagedBy: metav1alpha1.ManagedByKubeStash}); err != nil {
		return nil, fmt.Errorf("listing Jobs in %s: %w", namespace, err)
	}
	var out []ClaimMover
	for i := range jobs.Items {
		j := &jobs.Items[i]
		component := j.Labels[metav1alpha1.LabelComponent]
		if component != metav1alpha1.JobComponentBackup && component != metav1alpha1.JobComponentRestore || JobEnded(j) {
			continue
		}
		for _, c := range claimsOf(j.Spec.Template.Spec) {
			if slices.Contains(claims, c) {
				out = append(out, ClaimMover{Job: j.Name, Claim: c, Component: component, Invoker: j.Labels[metav1alpha1.LabelInvokerName]})
			}
		}
	}
	return out, nil
}

// JobEnded reports whether a Job will start no pod any more.
func JobEnded(j *batchv1.Job) bool {
	return slices.ContainsFunc(j.Status.Conditions, func(c batchv1.JobCondition) bool {
		return c.Status == corev1.ConditionTrue && (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed)
	})
}

// claimsOf are the claims of a pod's volumes with data.
func claimsOf(spec corev1.PodSpec) []string {
	var out []string
	for _, v := range spec.Volumes {
		if v.PersistentVolumeClaim == nil || v.Name == metav1alpha1.VolumeTmp || v.Name == metav1alpha1.VolumeInterim ||
			strings.HasPrefix(v.Name, metav1alpha1.PrefixStorageVolume) {
			continue
		}
		out = append(out, v.PersistentVolumeClaim.ClaimName)
	}
	return out
}
