// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 answers: what is backed up and when, how did it go, and what is to be restored?
//
// It is the API group core.kubestash.com: BackupConfiguration, BackupSession, RestoreSession and BackupBlueprint.
//
// +kubebuilder:object:generate=true
// +groupName=core.kubestash.com
package v1alpha1
