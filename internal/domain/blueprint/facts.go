// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package blueprint

import (
	"k8s.io/apimachinery/pkg/types"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
)

// Facts is all that a decision about one target rests on. It holds copies, never what a cache owns.
type Facts struct {
	Target Target
	// Exists is false when the target is gone, or is being deleted.
	Exists bool
	// Blueprint is nil when it is gone, or is being deleted.
	Blueprint *corev1alpha1.BackupBlueprint
	// Denied says why the target's namespace may not use the blueprint; empty when it may.
	Denied string
	// Refused are what validation refuses of the blueprint.
	Refused []string
	// Made are the BackupConfigurations that were made for this target.
	Made []Made
	// Occupied are the BackupConfigurations that exist under Candidates, whoever made them. The value is the
	// target that one was made for, and empty when no blueprint made it.
	Occupied map[types.NamespacedName]string
}

// Target is what is annotated.
type Target struct {
	Group, Kind, Namespace, Name string
	UID                          types.UID
	Annotations                  map[string]string
}

// Key tells targets apart; it stands in an annotation of what was made for one.
func (t Target) Key() string { return t.Kind + "/" + t.Namespace + "/" + t.Name }

// Made is a BackupConfiguration that a blueprint made.
type Made struct {
	types.NamespacedName
	// Blueprint is "namespace/name".
	Blueprint string
	// Hash is that of what was applied last.
	Hash string
	// DeletedWithBlueprint says that the blueprint, when it was seen last, had the policy OnDelete.
	DeletedWithBlueprint bool
	// Deleting is true once it is being deleted.
	Deleting bool
}

// Annotations of a BackupConfiguration that a blueprint made. They are what is known of it after a restart.
const (
	// AnnotationTarget is Target.Key.
	AnnotationTarget = "kubestash.com/blueprint-target"
	// AnnotationTargetUID is the target's uid when it was made, or applied last.
	AnnotationTargetUID = "kubestash.com/blueprint-target-uid"
	// AnnotationBlueprint is "namespace/name" of the blueprint: labels may have a shortened name.
	AnnotationBlueprint = "kubestash.com/blueprint"
	// AnnotationDeletionPolicy is the blueprint's deletionPolicy.
	AnnotationDeletionPolicy = "kubestash.com/blueprint-deletion-policy"
	// AnnotationHash is the hash of what was applied.
	AnnotationHash = "kubestash.com/blueprint-hash"
)
