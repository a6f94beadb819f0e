// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package blueprint

import (
	"k8s.io/apimachinery/pkg/types"
)

// Verdict is a decision.
type Verdict struct {
	// Apply is nil when nothing has to change.
	Apply *Configuration
	// Delete are BackupConfigurations that go, without their Repositories. They go after Apply succeeded.
	Delete []types.NamespacedName
	// Problem is told to the target's owner; nil when there is none.
	Problem *Problem
	// Waits is true when something that isn't watched, such as a namespace's labels, may solve Problem.
	Waits bool
}

// Configuration is a BackupConfiguration to apply.
type Configuration struct {
	types.NamespacedName
	Labels, Annotations map[string]string
	// Spec is decoded JSON: only what the blueprint sets, so that everything else stays whoever's it is.
	Spec map[string]any
	// Exists says that it is a change of what is there.
	Exists bool
}

// Problem says why a target doesn't get what it asks for.
type Problem struct {
	Reason, Message string
}

// Reasons of events on targets.
const (
	EventConfigurationCreated = "BackupConfigurationCreated"
	EventConfigurationUpdated = "BackupConfigurationUpdated"
	EventConfigurationDeleted = "BackupConfigurationDeleted"
	EventBlueprintNotFound    = "BackupBlueprintNotFound"
	EventBlueprintNotAllowed  = "BackupBlueprintNotAllowed"
	EventBlueprintInvalid     = "BackupBlueprintInvalid"
	EventSessionUnknown       = "BackupBlueprintSessionUnknown"
	EventVariablesMissing     = "BackupBlueprintVariablesMissing"
	EventNamespaceRefused     = "BackupBlueprintNamespaceRefused"
	EventNameTaken            = "BackupConfigurationNameTaken"
	EventConfigurationRefused = "BackupConfigurationRefused"
)
