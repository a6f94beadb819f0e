// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package configuration

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/usage"
)

// Surroundings is where defaults come from.
type Surroundings struct {
	// NamespaceLabels are those of the invoker's namespace.
	NamespaceLabels map[string]string
	// Storages and Policies are all that there are, of every namespace.
	Storages []storagev1alpha1.BackupStorage
	Policies []storagev1alpha1.RetentionPolicy
}

// NeedsDefaults reports whether Default has something to fill in, so that a caller can spare gathering.
func NeedsDefaults(of *invoker.Invoker) bool {
	if len(of.Backends) == 0 {
		return true
	}
	for _, backend := range of.Backends {
		if backend.StorageRef == nil || backend.RetentionPolicy == nil {
			return true
		}
	}
	return false
}

// Default fills in the default BackupStorage and RetentionPolicy, where the spec names none and there is one
// that the namespace may use. Without one, the spec stays as it is.
func Default(of *invoker.Invoker, around Surroundings) {
	storage, policy := defaultStorage(of.Namespace, around), defaultPolicy(of.Namespace, around)
	if len(of.Backends) == 0 && storage != nil {
		of.Backends = []corev1alpha1.BackendReference{{}}
	}
	for i := range of.Backends {
		backend := &of.Backends[i]
		if backend.StorageRef == nil {
			backend.StorageRef = storage
		}
		if backend.RetentionPolicy == nil {
			backend.RetentionPolicy = policy
		}
	}
}

func defaultStorage(namespace string, around Surroundings) *metav1alpha1.ObjectReference {
	var candidates []candidate
	for i := range around.Storages {
		if s := &around.Storages[i]; s.Spec.Default && s.DeletionTimestamp.IsZero() {
			candidates = append(candidates, candidate{s.Namespace, s.Name, s.CreationTimestamp, s.Spec.UsagePolicy})
		}
	}
	return pick(candidates, namespace, around.NamespaceLabels)
}

func defaultPolicy(namespace string, around Surroundings) *metav1alpha1.ObjectReference {
	var candidates []candidate
	for i := range around.Policies {
		if p := &around.Policies[i]; p.Spec.Default && p.DeletionTimestamp.IsZero() {
			candidates = append(candidates, candidate{p.Namespace, p.Name, p.CreationTimestamp, p.Spec.UsagePolicy})
		}
	}
	return pick(candidates, namespace, around.NamespaceLabels)
}

type candidate struct {
	namespace, name string
	created         metav1.Time
	policy          *metav1alpha1.UsagePolicy
}

// pick takes the nearest: one of the same namespace, then one that selects the namespace, then one for all. Of
// several that are equally near the oldest counts, and of the same age the first by name: a second default that comes
// while no webhook is there to refuse it changes nothing.
func pick(candidates []candidate, namespace string, labels map[string]string) *metav1alpha1.ObjectReference {
	best, bestRank := -1, 0
	for i, c := range candidates {
		allowed, _ := usage.Allowed(c.policy, c.namespace, namespace, labels)
		if !allowed {
			continue
		}
		rank := 1
		switch {
		case c.namespace == namespace:
			rank = 3
		case usage.NeedsLabels(c.policy):
			rank = 2
		}
		if best < 0 || rank > bestRank || rank == bestRank && c.before(candidates[best]) {
			best, bestRank = i, rank
		}
	}
	if best < 0 {
		return nil
	}
	return &metav1alpha1.ObjectReference{Name: candidates[best].name, Namespace: candidates[best].namespace}
}

func (c candidate) before(other candidate) bool {
	if !c.created.Equal(&other.created) {
		return c.created.Before(&other.created)
	}
	if c.namespace != other.namespace {
		return c.namespace < other.namespace
	}
	return c.name < other.name
}
