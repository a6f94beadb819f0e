// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/kube/hook"
	"kubestash.com/kubestash/internal/validate"
)

// podWait is how long an attempt of a hook waits for a pod to run.
const podWait = 30 * time.Second

// Hooks makes what carries out the hooks of one kind of session.
func (d Deps) Hooks() *hook.Hooks {
	return &hook.Hooks{
		Client: d.Client, Live: d.Live,
		Executor: &hook.Executor{Live: d.Live, Exec: d.Exec, PodWait: podWait},
		Runner:   hook.NewRunner(d.Clock, d.Spawn),
		Mistakes: func(t *corev1alpha1.HookTemplate) []string { return validate.Messages(validate.HookTemplate(t)) },
		Job:      hookJob,
	}
}

func hookJob(a hook.Attempt) *batchv1.Job {
	return desired.HookJob{
		Namespace: a.Owner.GetNamespace(), Name: a.Name,
		Labels: map[string]string{
			metav1alpha1.LabelManagedBy:        metav1alpha1.ManagedByKubeStash,
			metav1alpha1.LabelInvokerName:      naming.LabelValue(a.Owner.GetName()),
			metav1alpha1.LabelInvokerNamespace: a.Owner.GetNamespace(),
		},
		Owner:           *metav1.NewControllerRef(a.Owner, corev1alpha1.GroupVersion.WithKind(kindOf(a.Owner))),
		NamespaceLabels: a.NamespaceLabels, Function: *a.Request.Function, Timeout: a.Request.Timeout,
	}.Build()
}

// kindOf is told by the Go type: what was read from a cache doesn't say its kind.
func kindOf(owner client.Object) string {
	if _, ok := owner.(*corev1alpha1.RestoreSession); ok {
		return corev1alpha1.KindRestoreSession
	}
	return corev1alpha1.KindBackupSession
}
