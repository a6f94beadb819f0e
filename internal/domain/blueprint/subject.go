// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package blueprint

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// EventSubjectsNotWatched is the reason of the event on a blueprint that names kinds whose annotations have no effect.
const EventSubjectsNotWatched = "BackupBlueprintSubjectsNotWatched"

// Unwatched tells, in words for the blueprint's author, which of the subjects are kinds whose annotations have no
// effect; empty when there are none. A kind counts in whatever version of its API group it is named.
func Unwatched(subjects, watched []metav1.TypeMeta) string {
	var names []string
	for _, subject := range subjects {
		name := strings.Trim(fmt.Sprintf("%s %s", subject.APIVersion, subject.Kind), " ")
		isKnown := slices.ContainsFunc(watched, func(w metav1.TypeMeta) bool {
			return w.Kind == subject.Kind && group(w.APIVersion) == group(subject.APIVersion)
		})
		if !isKnown && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	kinds := make([]string, 0, len(watched))
	for _, w := range watched {
		kinds = append(kinds, w.Kind)
	}
	return fmt.Sprintf("spec.subjects names kinds that this version doesn't watch: %s. Annotations on them have no effect; make BackupConfigurations "+
		"for them by hand. Watched are %s.", strings.Join(names, ", "), strings.Join(kinds, ", "))
}

func group(apiVersion string) string {
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		return ""
	}
	return group
}
