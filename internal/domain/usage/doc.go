// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package usage answers: may a namespace use this object?
//
// The same question is asked for storages, retention policies, blueprints and hook templates, by the webhook when a
// reference is written and again by whoever follows it. A policy that nobody has defaulted gives the narrow answer.
package usage
