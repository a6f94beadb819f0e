// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package blueprint

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// EventSubjectsNotWatched says that a blueprint hopes for more kinds than there are.
const EventSubjectsNotWatched = "BackupBlueprintSubjectsNotWatched"

var watched = []string{
	metav1alpha1.KindDeployment, metav1alpha1.KindStatefulSet, metav1alpha1.KindDaemonSet, metav1alpha1.KindPersistentVolumeClaim,
}

// Unwatched tells the author of a blueprint which of its subjects no annotation will help; it is empty when there is none.
func Unwatched(subjects []metav1.TypeMeta) string {
	var kinds []string
	for _, s := range subjects {
		if !slices.Contains(watched, s.Kind) && !slices.Contains(kinds, s.Kind) {
			kinds = append(kinds, s.Kind)
		}
	}
	if len(kinds) == 0 {
		return ""
	}
	return fmt.Sprintf("annotations of %s are not watched by this version, so such subjects get no BackupConfiguration: write one for each. "+
		"Watched are %s.", strings.Join(kinds, ", "), strings.Join(watched, ", "))
}
