// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package stage

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// Visible is all that somebody who may not read Secrets can see of a test, by a name for each part.
func (w *World) Visible(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	for name, list := range map[string]client.ObjectList{
		"events": &eventsv1.EventList{}, "pods": &corev1.PodList{}, "jobs": &batchv1.JobList{}, "cronjobs": &batchv1.CronJobList{},
		"configmaps": &corev1.ConfigMapList{}, "persistentvolumeclaims": &corev1.PersistentVolumeClaimList{},
		"backupstorages": &storagev1alpha1.BackupStorageList{}, "repositories": &storagev1alpha1.RepositoryList{},
		"snapshots": &storagev1alpha1.SnapshotList{}, "retentionpolicies": &storagev1alpha1.RetentionPolicyList{},
		"backupconfigurations": &corev1alpha1.BackupConfigurationList{}, "backupsessions": &corev1alpha1.BackupSessionList{},
		"restoresessions": &corev1alpha1.RestoreSessionList{}, "backupblueprints": &corev1alpha1.BackupBlueprintList{},
	} {
		if err := w.Client.List(ctx, list, client.InNamespace(w.Namespace)); err != nil {
			return out, fmt.Errorf("listing %s: %w", name, err)
		}
		text, err := yaml.Marshal(list)
		if err != nil {
			return out, fmt.Errorf("writing %s: %w", name, err)
		}
		out[name+".yaml"] = string(text)
	}
	for _, at := range []struct{ namespace, selector string }{{OperatorNamespace, OperatorLabel}, {w.Namespace, ""}} {
		if err := w.logs(ctx, at.namespace, at.selector, out); err != nil {
			return out, err
		}
	}
	return out, nil
}

// logs adds the logs of every container, and of the one before it where it was restarted.
func (h *Host) logs(ctx context.Context, namespace, selector string, out map[string]string) error {
	pods, err := h.Clients.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return fmt.Errorf("listing pods: %w", err)
	}
	for _, pod := range pods.Items {
		for _, c := range pod.Spec.Containers {
			for _, previous := range []bool{false, true} {
				stream, err := h.Clients.CoreV1().Pods(namespace).GetLogs(pod.Name, &corev1.PodLogOptions{
					Container: c.Name, Previous: previous, TailLines: ptr.To[int64](5000),
				}).Stream(ctx)
				if err != nil {
					continue // it hasn't started, or was never restarted
				}
				text, err := io.ReadAll(stream)
				_ = stream.Close()
				if err != nil {
					return fmt.Errorf("reading the log of pod %s: %w", pod.Name, err)
				}
				name := pod.Name + "." + c.Name + ".log"
				if previous {
					name = "previous." + name
				}
				out[name] = string(text)
			}
		}
	}
	return nil
}

// dump writes what is visible to a folder and returns it.
func (w *World) dump(ctx context.Context) string {
	folder := filepath.Join(w.Root, ".cluster", "logs", w.Suite+"-"+w.Name)
	parts, err := w.Visible(ctx)
	if err != nil {
		parts["error"] = err.Error()
	}
	if err := os.RemoveAll(folder); err != nil {
		return err.Error()
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err.Error()
	}
	for name, text := range parts {
		if err := os.WriteFile(filepath.Join(folder, strings.ReplaceAll(name, "/", "_")), []byte(text), 0o644); err != nil {
			return err.Error()
		}
	}
	return folder
}
