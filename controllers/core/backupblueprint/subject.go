// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupblueprint

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/domain/blueprint"
	"kubestash.com/kubestash/internal/kube"
)

// tellSubjects warns the author of a blueprint of kinds whose annotations have no effect, once for each text.
func (r *Reconciler) tellSubjects(ctx context.Context, req Request) error {
	bp, found, err := kube.Get[corev1alpha1.BackupBlueprint](ctx, r.Client, req.Namespace, req.Name)
	if err != nil {
		return err
	}
	message := ""
	if found && bp.DeletionTimestamp.IsZero() {
		watched := make([]metav1.TypeMeta, 0, len(Kinds))
		for _, kind := range Kinds {
			watched = append(watched, metav1.TypeMeta{APIVersion: kind.GroupVersion().String(), Kind: kind.Kind})
		}
		message = blueprint.Unwatched(bp.Spec.Subjects, watched)
	}
	if r.told.isNews(req, message) {
		r.Recorder.Warning(bp, blueprint.EventSubjectsNotWatched, message)
	}
	return nil
}
