// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/klient/k8s/resources"
	"sigs.k8s.io/e2e-framework/klient/wait"
	"sigs.k8s.io/e2e-framework/pkg/envconf"
	"sigs.k8s.io/e2e-framework/pkg/features"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
)

// world is one test's namespace.
type world struct {
	name, namespace string
}

// patience is how long anything may take that isn't a backup of many bytes.
const patience = 2 * time.Minute

func newWorld(t *testing.T, name string) *world {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "e2e-" + name + "-", Labels: map[string]string{suiteLabel: name},
	}}
	must(t, host.client.Create(t.Context(), namespace))
	w := &world{name: name, namespace: namespace.Name}
	t.Cleanup(func() {
		// The test's own context is over.
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if t.Failed() {
			t.Logf("what was there when it failed: %s (namespace %s stays)", w.dump(ctx), w.namespace)
			return
		}
		must(t, host.client.Delete(ctx, namespace))
	})
	return w
}

// step makes a step of a feature.
func step(do func(ctx context.Context, t *testing.T)) features.Func {
	return func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
		do(ctx, t)
		return ctx
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// apply creates objects.
func (w *world) apply(ctx context.Context, t testing.TB, objects ...client.Object) {
	t.Helper()
	for _, o := range objects {
		if err := host.client.Create(ctx, o); err != nil {
			t.Fatalf("creating %T %s: %v", o, o.GetName(), err)
		}
	}
}

func (w *world) key(name string) client.ObjectKey {
	return client.ObjectKey{Namespace: w.namespace, Name: name}
}

// await waits until look says that it is so. What look saw last is told when that never happens.
func await(ctx context.Context, t testing.TB, what string, within time.Duration, look func(ctx context.Context) (isSo bool, saw string)) {
	t.Helper()
	var last string
	err := wait.For(func(ctx context.Context) (isSo bool, _ error) {
		isSo, last = look(ctx)
		return isSo, nil
	}, wait.WithContext(ctx), wait.WithTimeout(within), wait.WithInterval(300*time.Millisecond), wait.WithImmediate())
	if err != nil {
		t.Fatalf("waiting until %s: %v; last seen: %s", what, err, last)
	}
}

// s3Ground is what a backup into the bucket needs.
func (w *world) s3Ground(ctx context.Context, t testing.TB) {
	t.Helper()
	w.apply(ctx, t,
		object.S3Keys(w.namespace, serverKeys.AccessKey, serverKeys.SecretKey),
		object.Password(w.namespace, password),
		object.S3(w.namespace, host.server.Endpoint(), bucket),
		object.KeepLast(w.namespace, 5),
	)
}

// app starts the Deployment with its claim and waits until its pod runs.
func (w *world) app(ctx context.Context, t testing.TB, deployment *appsv1.Deployment) {
	t.Helper()
	w.apply(ctx, t, object.VolumeClaim(w.namespace, object.Claim), deployment)
	w.awaitApp(ctx, t)
}

func (w *world) awaitApp(ctx context.Context, t testing.TB) string {
	t.Helper()
	var name string
	await(ctx, t, "the application runs", patience, func(ctx context.Context) (bool, string) {
		var pods corev1.PodList
		if err := host.client.List(ctx, &pods, client.InNamespace(w.namespace), client.MatchingLabels{"app": object.App}); err != nil {
			return false, err.Error()
		}
		for _, pod := range pods.Items {
			name = pod.Name
			if pod.Status.Phase == corev1.PodRunning && pod.DeletionTimestamp.IsZero() {
				return true, ""
			}
		}
		return false, fmt.Sprintf("%d pods", len(pods.Items))
	})
	return name
}

// sh runs a script in the application's pod and returns what it printed.
func (w *world) sh(ctx context.Context, t testing.TB, script string) string {
	t.Helper()
	pod := w.awaitApp(ctx, t)
	r, err := resources.New(host.config)
	must(t, err)
	var out, errs bytes.Buffer
	if err := r.ExecInPod(ctx, w.namespace, pod, "main", []string{"sh", "-ec", script}, &out, &errs); err != nil {
		t.Fatalf("running %q in pod %s: %v: %s", script, pod, err, errs.String())
	}
	return out.String()
}

// awaitSession waits until a run is over and returns it.
func (w *world) awaitSession(ctx context.Context, t testing.TB, name string, within time.Duration) *corev1alpha1.BackupSession {
	t.Helper()
	run := &corev1alpha1.BackupSession{}
	await(ctx, t, "BackupSession "+name+" is over", within, func(ctx context.Context) (bool, string) {
		if err := host.client.Get(ctx, w.key(name), run); err != nil {
			return false, err.Error()
		}
		switch run.Status.Phase {
		case corev1alpha1.BackupSessionPhaseSucceeded, corev1alpha1.BackupSessionPhaseFailed, corev1alpha1.BackupSessionPhaseSkipped:
			return true, ""
		default:
			return false, fmt.Sprintf("%+v", run.Status)
		}
	})
	return run
}

// firstSession waits until there is a run, and returns its name.
func (w *world) firstSession(ctx context.Context, t testing.TB) string {
	t.Helper()
	var list corev1alpha1.BackupSessionList
	await(ctx, t, "there is a BackupSession", patience, func(ctx context.Context) (bool, string) {
		if err := host.client.List(ctx, &list, client.InNamespace(w.namespace)); err != nil {
			return false, err.Error()
		}
		return len(list.Items) > 0, w.configurations(ctx)
	})
	return list.Items[0].Name
}

// configurations says how the BackupConfigurations are.
func (w *world) configurations(ctx context.Context) string {
	var list corev1alpha1.BackupConfigurationList
	if err := host.client.List(ctx, &list, client.InNamespace(w.namespace)); err != nil {
		return err.Error()
	}
	said := []string{fmt.Sprintf("%d BackupConfigurations", len(list.Items))}
	for _, bc := range list.Items {
		said = append(said, fmt.Sprintf("%s: %s: %+v", bc.Name, bc.Status.Phase, bc.Status.Conditions))
	}
	return strings.Join(said, "; ")
}

// succeed fails the test unless the run went well.
func (w *world) succeed(ctx context.Context, t testing.TB, name string, within time.Duration) *corev1alpha1.BackupSession {
	t.Helper()
	run := w.awaitSession(ctx, t, name, within)
	if run.Status.Phase != corev1alpha1.BackupSessionPhaseSucceeded {
		t.Fatalf("BackupSession %s is %s: %+v: %s", name, run.Status.Phase, run.Status, w.failure(ctx, run))
	}
	return run
}

// failure is all that a user can read about why a run failed: conditions, and the errors of components.
func (w *world) failure(ctx context.Context, run *corev1alpha1.BackupSession) string {
	var said []string
	for _, c := range run.Status.Conditions {
		if c.Message != "" {
			said = append(said, c.Message)
		}
	}
	for _, s := range run.Status.Snapshots {
		snapshot := &storagev1alpha1.Snapshot{}
		if err := host.client.Get(ctx, w.key(s.Name), snapshot); err != nil {
			continue
		}
		for name, c := range snapshot.Status.Components {
			said = append(said, name+": "+c.Error)
		}
	}
	return strings.Join(said, "; ")
}

// backup asks for a run by hand.
func (w *world) backup(ctx context.Context, t testing.TB, name string) {
	t.Helper()
	w.apply(ctx, t, object.BackupSession(w.namespace, name, object.Configuration))
}

// restore restores and fails the test unless that went well.
func (w *world) restore(ctx context.Context, t testing.TB, session *corev1alpha1.RestoreSession) {
	t.Helper()
	w.apply(ctx, t, session)
	await(ctx, t, "RestoreSession "+session.Name+" is over", patience, func(ctx context.Context) (bool, string) {
		if err := host.client.Get(ctx, client.ObjectKeyFromObject(session), session); err != nil {
			return false, err.Error()
		}
		switch session.Status.Phase {
		case corev1alpha1.RestoreSessionPhaseSucceeded, corev1alpha1.RestoreSessionPhaseFailed, corev1alpha1.RestoreSessionPhaseInvalid:
			return true, ""
		default:
			return false, fmt.Sprintf("%+v", session.Status)
		}
	})
	if session.Status.Phase != corev1alpha1.RestoreSessionPhaseSucceeded {
		t.Fatalf("RestoreSession %s is %s: %+v", session.Name, session.Status.Phase, session.Status)
	}
}
