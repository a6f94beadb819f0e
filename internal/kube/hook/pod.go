// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
	"kubestash.com/kubestash/internal/kube"
)

// podPoll is how often an attempt looks for a pod.
const podPoll = time.Second

// pods finds the pods that run, those that are ready first, then the oldest. It waits a little for the first one to come: a pod that is
// being replaced must not make a failure of a hook that starts the application again.
func (e *Executor) pods(ctx context.Context, namespace string, p *corev1alpha1.HookPod) ([]corev1.Pod, error) {
	selector, err := hook.PodSelector(p.Selector)
	if err != nil {
		return nil, err
	}
	var pods []corev1.Pod
	waiting, cancel := context.WithTimeout(ctx, e.PodWait)
	defer cancel()
	err = wait.PollUntilContextCancel(waiting, podPoll, true, func(context.Context) (bool, error) {
		var list corev1.PodList
		if err := e.Live.List(ctx, &list, client.InNamespace(namespace), client.MatchingLabels(selector)); err != nil {
			return false, fmt.Errorf("listing pods: %w", err)
		}
		pods, err = e.owned(ctx, running(list.Items), p.Owner)
		return len(pods) > 0, err
	})
	if errors.Is(err, context.DeadlineExceeded) || wait.Interrupted(err) {
		return nil, errNoPod
	}
	return pods, err
}

func running(all []corev1.Pod) []corev1.Pod {
	pods := slices.DeleteFunc(all, func(p corev1.Pod) bool {
		return p.Status.Phase != corev1.PodRunning || p.DeletionTimestamp != nil
	})
	slices.SortFunc(pods, func(a, b corev1.Pod) int {
		return cmp.Or(rank(a)-rank(b), a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	return pods
}

func rank(p corev1.Pod) int {
	if slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	}) {
		return 0
	}
	return 1
}

// owned keeps the pods of an owner: its own, and those of its ReplicaSets.
func (e *Executor) owned(ctx context.Context, pods []corev1.Pod, owner *corev1alpha1.HookPodOwner) ([]corev1.Pod, error) {
	if owner == nil {
		return pods, nil
	}
	var out []corev1.Pod
	for _, p := range pods {
		refs := p.OwnerReferences
		if c := metav1.GetControllerOf(&p); c != nil && c.Kind == metav1alpha1.KindReplicaSet {
			set, found, err := kube.Get[appsv1.ReplicaSet](ctx, e.Live, p.Namespace, c.Name)
			if err != nil {
				return nil, err
			}
			if found {
				refs = append(refs, set.OwnerReferences...)
			}
		}
		if slices.ContainsFunc(refs, func(ref metav1.OwnerReference) bool { return is(ref, owner) }) {
			out = append(out, p)
		}
	}
	return out, nil
}

func is(ref metav1.OwnerReference, owner *corev1alpha1.HookPodOwner) bool {
	return ref.Kind == owner.Kind && ref.Name == owner.Name && group(ref.APIVersion) == group(owner.APIVersion) &&
		(owner.UID == "" || ref.UID == owner.UID)
}

func group(apiVersion string) string {
	group, _, ok := strings.Cut(apiVersion, "/")
	if !ok {
		return ""
	}
	return group
}
