// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// CreateRun creates the Secret of a run and then its Jobs, or finds those that were made for the same owner before.
//
// A Secret without a Job was left by an operator that died in between. It says what was wanted then, which need not be
// what the Jobs are made for now, so it is replaced. Once there is a Job, its pod may have mounted the Secret.
func CreateRun(
	ctx context.Context, c client.Client, live client.Reader, owner metav1.Object, secret *corev1.Secret, jobs ...*batchv1.Job,
) error {
	existing := secret.DeepCopy()
	if err := CreateOwned(ctx, c, live, existing, owner); err != nil {
		return err
	}
	if !equality.Semantic.DeepEqual(existing.Data, secret.Data) {
		if err := replaceUnused(ctx, c, live, owner, existing, secret, jobs); err != nil {
			return err
		}
	}
	for _, job := range jobs {
		if err := CreateOwned(ctx, c, live, job, owner); err != nil {
			return err
		}
	}
	return nil
}

func replaceUnused(
	ctx context.Context, c client.Client, live client.Reader, owner metav1.Object, old, secret *corev1.Secret, jobs []*batchv1.Job,
) error {
	for _, job := range jobs {
		if _, found, err := Get[batchv1.Job](ctx, live, job.Namespace, job.Name); err != nil || found {
			return err
		}
	}
	if err := Delete(ctx, c, old); err != nil {
		return err
	}
	return CreateOwned(ctx, c, live, secret, owner)
}
