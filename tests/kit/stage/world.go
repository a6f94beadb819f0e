// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package stage

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/klient/k8s/resources"

	"kubestash.com/kubestash/tests/kit/object"
)

// Patience is how long anything may take that isn't a backup of many bytes.
const Patience = 2 * time.Minute

// World is one test's namespace.
type World struct {
	*Host
	Name, Namespace string
}

// World makes the namespace.
func (h *Host) World(t testing.TB, name string) *World {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: h.Suite + "-" + name + "-", Labels: h.Labels(),
	}}
	Must(t, h.Client.Create(t.Context(), namespace))
	w := &World{Host: h, Name: name, Namespace: namespace.Name}
	t.Cleanup(func() {
		// The test's own context is over.
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		if t.Failed() {
			t.Logf("what was there when it failed: %s (namespace %s stays)", w.dump(ctx), w.Namespace)
			return
		}
		Must(t, client.IgnoreNotFound(h.Client.Delete(ctx, namespace)))
	})
	return w
}

// Must fails the test upon an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Key names an object of the namespace.
func (w *World) Key(name string) client.ObjectKey {
	return client.ObjectKey{Namespace: w.Namespace, Name: name}
}

// Apply creates objects.
func (w *World) Apply(t testing.TB, objects ...client.Object) {
	t.Helper()
	for _, o := range objects {
		if err := w.Client.Create(t.Context(), o); err != nil {
			t.Fatalf("creating %T %s: %v", o, o.GetName(), err)
		}
	}
}

// Await waits until look says that it is so. What look saw last is told when that never happens.
func Await(t testing.TB, what string, within time.Duration, look func(ctx context.Context) (isSo bool, saw string)) {
	t.Helper()
	const interval = 250 * time.Millisecond
	deadline := time.Now().Add(within)
	for {
		isSo, saw := look(t.Context())
		if isSo {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waiting %s until %s; last seen: %s", within, what, saw)
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("waiting until %s: %v; last seen: %s", what, t.Context().Err(), saw)
		case <-time.After(interval):
		}
	}
}

// AwaitApp waits until the application runs, and returns its pod's name.
func (w *World) AwaitApp(t testing.TB) string {
	t.Helper()
	var name string
	Await(t, "the application runs", Patience, func(ctx context.Context) (bool, string) {
		var pods corev1.PodList
		if err := w.Client.List(ctx, &pods, client.InNamespace(w.Namespace), client.MatchingLabels{"app": object.App}); err != nil {
			return false, err.Error()
		}
		for _, pod := range pods.Items {
			if pod.Status.Phase == corev1.PodRunning && pod.DeletionTimestamp.IsZero() {
				name = pod.Name
				return true, ""
			}
		}
		return false, fmt.Sprintf("%d pods", len(pods.Items))
	})
	return name
}

// Sh runs a script in the application's pod and returns what it printed.
func (w *World) Sh(t testing.TB, script string) string {
	t.Helper()
	pod := w.AwaitApp(t)
	r, err := resources.New(w.Config)
	Must(t, err)
	var out, errs bytes.Buffer
	if err := r.ExecInPod(t.Context(), w.Namespace, pod, "main", []string{"sh", "-ec", script}, &out, &errs); err != nil {
		t.Fatalf("running %q in pod %s: %v: %s", script, pod, err, errs.String())
	}
	return out.String()
}
