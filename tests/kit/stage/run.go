// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package stage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
)

// Ground is what a backup into the bucket needs, which is reached at an endpoint: that of the server, or of something in front of it.
func (w *World) Ground(t testing.TB, endpoint, password string) {
	t.Helper()
	w.Apply(t,
		object.S3Keys(w.Namespace, Keys.AccessKey, Keys.SecretKey), object.Password(w.Namespace, password),
		object.S3(w.Namespace, endpoint, w.Bucket), object.KeepLast(w.Namespace, 5),
	)
}

// FirstRun waits until there is a run, and returns its name.
func (w *World) FirstRun(t testing.TB) string {
	t.Helper()
	var list corev1alpha1.BackupSessionList
	Await(t, "there is a BackupSession", Patience, func(ctx context.Context) (bool, string) {
		if err := w.Client.List(ctx, &list, client.InNamespace(w.Namespace)); err != nil {
			return false, err.Error()
		}
		return len(list.Items) > 0, w.Configurations(ctx)
	})
	return list.Items[0].Name
}

// Configurations says how the BackupConfigurations are.
func (w *World) Configurations(ctx context.Context) string {
	var list corev1alpha1.BackupConfigurationList
	if err := w.Client.List(ctx, &list, client.InNamespace(w.Namespace)); err != nil {
		return err.Error()
	}
	said := []string{fmt.Sprintf("%d BackupConfigurations", len(list.Items))}
	for _, bc := range list.Items {
		said = append(said, fmt.Sprintf("%s: %s: %+v", bc.Name, bc.Status.Phase, bc.Status.Conditions))
	}
	return strings.Join(said, "; ")
}

// Ended waits until a run is over, and returns it.
func (w *World) Ended(t testing.TB, name string, within time.Duration) *corev1alpha1.BackupSession {
	t.Helper()
	run := &corev1alpha1.BackupSession{}
	Await(t, "BackupSession "+name+" is over", within, func(ctx context.Context) (bool, string) {
		if err := w.Client.Get(ctx, w.Key(name), run); err != nil {
			return false, err.Error()
		}
		return IsOver(run), fmt.Sprintf("%+v", run.Status)
	})
	return run
}

// RestoreEnded waits until a restore, in whatever namespace, is over, and brings it up to date.
func (h *Host) RestoreEnded(t testing.TB, session *corev1alpha1.RestoreSession, within time.Duration) {
	t.Helper()
	key := client.ObjectKeyFromObject(session)
	Await(t, "RestoreSession "+key.String()+" is over", within, func(ctx context.Context) (bool, string) {
		if err := h.Client.Get(ctx, key, session); err != nil {
			return false, err.Error()
		}
		return IsRestoreOver(session), fmt.Sprintf("%+v", session.Status)
	})
}

// IsOver says whether a run has come to its end, whatever that is.
func IsOver(run *corev1alpha1.BackupSession) bool {
	return slices.Contains([]corev1alpha1.BackupSessionPhase{
		corev1alpha1.BackupSessionPhaseSucceeded, corev1alpha1.BackupSessionPhaseFailed, corev1alpha1.BackupSessionPhaseSkipped,
	}, run.Status.Phase)
}

// IsRestoreOver says whether a restore has.
func IsRestoreOver(session *corev1alpha1.RestoreSession) bool {
	return slices.Contains([]corev1alpha1.RestoreSessionPhase{
		corev1alpha1.RestoreSessionPhaseSucceeded, corev1alpha1.RestoreSessionPhaseFailed, corev1alpha1.RestoreSessionPhaseInvalid,
	}, session.Status.Phase)
}
