// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/e2e-framework/pkg/envconf"
	"sigs.k8s.io/e2e-framework/pkg/features"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/stage"
)

// world is one test's namespace.
type world struct{ *stage.World }

func newWorld(t *testing.T, name string) *world {
	t.Helper()
	return &world{host.World(t, name)}
}

// step makes a step of a feature.
func step(do func(ctx context.Context, t *testing.T)) features.Func {
	return func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
		do(ctx, t)
		return ctx
	}
}

// s3Ground is what a backup into the bucket needs.
func (w *world) s3Ground(t testing.TB) {
	t.Helper()
	w.Ground(t, host.Server.Endpoint(), password)
}

// app starts the Deployment with its claim and waits until its pod runs.
func (w *world) app(t testing.TB, deployment *appsv1.Deployment) {
	t.Helper()
	w.Apply(t, object.VolumeClaim(w.Namespace, object.Claim), deployment)
	w.AwaitApp(t)
}

// succeed fails the test unless the run went well.
func (w *world) succeed(ctx context.Context, t testing.TB, name string, within time.Duration) *corev1alpha1.BackupSession {
	t.Helper()
	run := w.Ended(t, name, within)
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
		if err := host.Client.Get(ctx, w.Key(s.Name), snapshot); err != nil {
			continue
		}
		for name, c := range snapshot.Status.Components {
			said = append(said, name+": "+c.Error)
		}
	}
	return strings.Join(said, "; ")
}

// backup asks for a run by hand.
func (w *world) backup(t testing.TB, name string) {
	t.Helper()
	w.Apply(t, object.BackupSession(w.Namespace, name, object.Configuration))
}

// restore restores and fails the test unless that went well.
func (w *world) restore(t testing.TB, session *corev1alpha1.RestoreSession) {
	t.Helper()
	w.Apply(t, session)
	w.RestoreEnded(t, session, stage.Patience)
	if session.Status.Phase != corev1alpha1.RestoreSessionPhaseSucceeded {
		t.Fatalf("RestoreSession %s is %s: %+v", session.Name, session.Status.Phase, session.Status)
	}
}
