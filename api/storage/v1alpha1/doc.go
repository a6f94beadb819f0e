// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 answers: where do backups live, what is kept there, and for how long?
//
// It is the API group storage.kubestash.com: BackupStorage, Repository, Snapshot and RetentionPolicy.
//
// +kubebuilder:object:generate=true
// +groupName=storage.kubestash.com
package v1alpha1
