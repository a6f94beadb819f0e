// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 answers: what can be backed up and restored, and with which image and command?
//
// It is the API group addons.kubestash.com: Addon and Function. Both are cluster-scoped.
//
// +kubebuilder:object:generate=true
// +groupName=addons.kubestash.com
package v1alpha1
