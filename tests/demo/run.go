// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// annotate is the one thing that a user does, and waits for what the operator makes of it.
func (d *demo) annotate(ctx context.Context) error {
	if err := d.run(ctx, "kubectl -n demo annotate deployment notes "+metav1alpha1.AnnotationBlueprintName+"=nightly"); err != nil {
		return err
	}
	configuration := &corev1alpha1.BackupConfiguration{ObjectMeta: metav1.ObjectMeta{Namespace: namespaceApp, Name: "deployment-notes"}}
	err := d.await(ctx, "backupconfiguration", configuration, func(context.Context) (verdict, error) {
		phase := configuration.Status.Phase
		return verdict{done: phase == corev1alpha1.BackupConfigurationPhaseReady, state: orUnseen(string(phase))}, nil
	})
	if err != nil {
		return err
	}
	return d.run(ctx, "kubectl -n demo get backupconfiguration,repository,cronjob")
}

// backUp waits for the first BackupSession, which nobody asked for, and tells how it goes.
func (d *demo) backUp(ctx context.Context) error {
	session, err := d.firstSession(ctx)
	if err != nil {
		return err
	}
	err = d.await(ctx, "backupsession", session, func(ctx context.Context) (verdict, error) {
		phase := session.Status.Phase
		progress, err := d.progress(ctx, session.Name)
		return verdict{
			done:   phase == corev1alpha1.BackupSessionPhaseSucceeded,
			failed: phase == corev1alpha1.BackupSessionPhaseFailed || phase == corev1alpha1.BackupSessionPhaseSkipped,
			state:  orUnseen(string(phase)) + progress,
		}, err
	})
	if err != nil {
		return err
	}
	if err := d.all(ctx,
		"kubectl -n demo get backupsession,snapshot,repository",
		"kubectl -n demo events --for backupsession/"+session.Name,
		"kubectl -n demo get pods -l "+metav1alpha1.LabelManagedBy+"="+metav1alpha1.ManagedByKubeStash,
	); err != nil {
		return err
	}
	if err := d.onePod(ctx); err != nil {
		return err
	}
	objects, size, err := d.bucket.Size(ctx, bucketName, "")
	d.say("\nThe bucket holds %d objects of %.1f MiB together.", objects, float64(size)/(1<<20))
	return err
}

func (d *demo) firstSession(ctx context.Context) (*corev1alpha1.BackupSession, error) {
	configuration := &corev1alpha1.BackupConfiguration{ObjectMeta: metav1.ObjectMeta{Namespace: namespaceApp, Name: "deployment-notes"}}
	var found corev1alpha1.BackupSessionList
	err := d.await(ctx, "backupconfiguration", configuration, func(ctx context.Context) (verdict, error) {
		err := d.client.List(ctx, &found, client.InNamespace(namespaceApp), client.MatchingLabels{metav1alpha1.LabelInvokerName: "deployment-notes"})
		return verdict{done: len(found.Items) > 0, state: fmt.Sprintf("%s, BackupSessions: %d", configuration.Status.Phase, len(found.Items))}, err
	})
	if err != nil {
		return nil, err
	}
	return &found.Items[0], nil
}

// progress is what the Snapshot of a session says of its components.
func (d *demo) progress(ctx context.Context, session string) (string, error) {
	var snapshots storagev1alpha1.SnapshotList
	if err := d.client.List(ctx, &snapshots, client.InNamespace(namespaceApp)); err != nil {
		return "", err
	}
	var text strings.Builder
	for _, s := range snapshots.Items {
		if s.Spec.BackupSession != session {
			continue
		}
		for name, component := range s.Status.Components {
			fmt.Fprintf(&text, ", component %s: %s", name, orUnseen(string(component.Phase)))
			for _, stats := range component.ResticStats {
				if p := stats.Progress; p != nil {
					fmt.Fprintf(&text, ", %s, %d of %d files, %s of %s", p.PercentDone, p.FilesDone, p.TotalFiles, p.BackupDone, p.Total)
				}
			}
		}
	}
	return text.String(), nil
}

// onePod holds the operator to its promise: a backup of one component starts exactly one pod.
func (d *demo) onePod(ctx context.Context) error {
	var pods corev1.PodList
	err := d.client.List(ctx, &pods, client.InNamespace(namespaceApp), client.MatchingLabels{metav1alpha1.LabelManagedBy: metav1alpha1.ManagedByKubeStash})
	if err != nil {
		return fmt.Errorf("counting pods: %w", err)
	}
	if len(pods.Items) != 1 {
		return fmt.Errorf("counting pods: the backup of one component started %d, want 1", len(pods.Items))
	}
	return nil
}

func (d *demo) restore(ctx context.Context) error {
	if err := d.run(ctx, "kubectl apply -f tests/demo/manifests/restore.yaml"); err != nil {
		return err
	}
	session := &corev1alpha1.RestoreSession{ObjectMeta: metav1.ObjectMeta{Namespace: namespaceApp, Name: "notes-restore"}}
	err := d.await(ctx, "restoresession", session, func(context.Context) (verdict, error) {
		phase := session.Status.Phase
		return verdict{
			done:   phase == corev1alpha1.RestoreSessionPhaseSucceeded,
			failed: phase == corev1alpha1.RestoreSessionPhaseFailed || phase == corev1alpha1.RestoreSessionPhaseInvalid,
			state:  orUnseen(string(phase)),
		}, nil
	})
	if err != nil {
		return err
	}
	return d.all(ctx,
		"kubectl -n demo get restoresession",
		"kubectl -n demo events --for restoresession/notes-restore",
		"kubectl -n demo exec deployment/notes -- ls -la /data",
	)
}

var errDifferent = errors.New("the restored tree differs from the original")
