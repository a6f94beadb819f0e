// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/tools/cache"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// podWatch remembers every pod that there ever was, however short.
type podWatch struct {
	mutex sync.Mutex
	// byJob holds names of pods by the name of their Job.
	byJob map[string]map[string]bool
}

// watchPods begins to watch the pods that the operator's Jobs start in the namespace. It ends with the test.
func (w *world) watchPods(ctx context.Context, t testing.TB) *podWatch {
	t.Helper()
	p := &podWatch{byJob: map[string]map[string]bool{}}
	ctx, cancel := context.WithCancel(ctx)
	list := cache.NewFilteredListWatchFromClient(host.Clients.CoreV1().RESTClient(), "pods", w.Namespace, func(o *metav1.ListOptions) {
		o.LabelSelector, o.FieldSelector = metav1alpha1.LabelManagedBy+"="+metav1alpha1.ManagedByKubeStash, fields.Everything().String()
	})
	_, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: list, ObjectType: &corev1.Pod{}, Handler: cache.ResourceEventHandlerFuncs{AddFunc: p.add},
	})
	ended := make(chan struct{})
	go func() { informer.RunWithContext(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		t.Fatal("watching pods did not begin")
	}
	return p
}

func (p *podWatch) add(o any) {
	pod, ok := o.(*corev1.Pod)
	if !ok {
		return
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	job := pod.Labels["batch.kubernetes.io/job-name"]
	if p.byJob[job] == nil {
		p.byJob[job] = map[string]bool{}
	}
	p.byJob[job][pod.Name] = true
}

// of are the pods of a Job.
func (p *podWatch) of(job string) []string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return slices.Sorted(maps.Keys(p.byJob[job]))
}

// jobs are the Jobs that have started a pod.
func (p *podWatch) jobs() []string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return slices.Sorted(maps.Keys(p.byJob))
}
